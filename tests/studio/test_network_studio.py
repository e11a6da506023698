"""`portraits` at work: the same picture in any company, read as the settings say, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape
from catoptric.models.spectral.weights import restore, store
from catoptric.sampling import Settings
from catoptric.sampling.network_settings import Encoder
from catoptric.studio.hands import make_together
from catoptric.studio.making import make
from catoptric.studio.network import NetworkPortraits
from catoptric.world import load_rates
from catoptric.world.lexicon import vocabulary

SMALL = NetworkShape((16, 32, 32), (1, 1, 1), text_width=16, condition_width=16, level_width=8)
FAST = {"sampler": {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 4}}
GUIDED = FAST | {"guidance": {"scale": 3.0}}
ADAPTIVE = {
    "sampler": {"solver": "pid", "preset": "fast"},
    "guidance": {"form": "interval", "scale": 3.0, "low": 0.5, "high": 10.0},
}
TWO_GRIDS = {
    "sampler": {"solver": "pid", "preset": "fast", "coarse_above": 4.0},
    "guidance": {"scale": 3.0},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> NetworkPortraits:
    """A small network with random weights: what it draws is noise, and that is enough."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    made = SpectralDenoiser(SMALL, TextShape(vocabulary(), width=16, layers=3))
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    store(made, path, {"steps": 0})
    return NetworkPortraits(load_rates(None), restore(path))


@pytest.mark.parametrize(
    "tables",
    [FAST, GUIDED, ADAPTIVE, TWO_GRIDS],
    ids=["plain", "guided", "adaptive", "on two grids"],
)
def test_a_picture_is_the_same_in_any_company(
    model: NetworkPortraits, tables: dict[str, dict[str, object]]
) -> None:
    settings, asked = Settings.from_dict(tables), model.ask("a doctor")
    seeds = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8]
    together, result = make(model, asked, settings, seeds)
    alone, own = make(model, asked, settings, [9])
    assert np.array_equal(together[4], alone[0])
    assert int(result.nfe[4]) == int(own.nfe[0])
    turned, _ = make(model, asked, settings, seeds[::-1])
    assert np.array_equal(together[::-1], turned)


def test_two_threads_draw_what_one_draws(model: NetworkPortraits) -> None:
    settings, asked, seeds = Settings.from_dict(GUIDED), model.ask("a nurse"), list(range(20))
    seen: set[int] = set()
    one, _ = make(model, asked, settings, seeds)
    two, result = make_together(
        model, asked, settings, seeds, threads=2, watch=lambda s: seen.update(s.rows.tolist())
    )
    assert np.array_equal(one, two)
    assert seen == set(range(20))
    assert len(result.nfe) == 20


def test_states_go_down_and_up(model: NetworkPortraits) -> None:
    denoiser = model.denoiser_of(Settings.from_dict(TWO_GRIDS))
    x = torch.randn(8, 3, 64, 64)
    assert denoiser.down(x).shape == (8, 3, 32, 32)
    assert torch.allclose(denoiser.grow(denoiser.down(x), x, torch.ones(8)), x, atol=1e-4)


def test_both_passes_at_once_are_the_two_passes(model: NetworkPortraits) -> None:
    denoiser, asked = model.denoiser_of(Settings.from_dict(GUIDED)), model.ask("a sad chef")
    x, sigma = torch.randn(8, 3, 64, 64), torch.linspace(0.1, 20.0, 8)
    with torch.inference_mode():
        c, u = denoiser.pair(x, sigma, asked)
        assert torch.allclose(c, denoiser(x, sigma, asked), atol=1e-4)
        assert torch.allclose(u, denoiser(x, sigma, None), atol=1e-4)
        assert not torch.allclose(c, u, atol=1e-4)


def test_the_encoder_knob_changes_the_picture_and_its_key(model: NetworkPortraits) -> None:
    plain, asked = Settings.from_dict(FAST), model.ask("a smiling doctor with glasses")
    skipped = replace(plain, encoder=Encoder(layer=-2))
    one, _ = make(model, asked, plain, [0])
    other, _ = make(model, asked, skipped, [0])
    assert not np.array_equal(one, other)
    assert model.spec(asked, plain).key != model.spec(asked, skipped).key
    with pytest.raises(InputError, match="between -3 and -1"):
        make(model, asked, replace(plain, encoder=Encoder(layer=-4)), [0])


def test_half_precision_is_near_the_whole_one_and_another_draw(model: NetworkPortraits) -> None:
    whole = Settings.from_dict(GUIDED)
    half = Settings.from_dict(GUIDED | {"precision": {"dtype": "bfloat16"}})
    asked = model.ask("a doctor")
    one, other = (make(model, asked, s, [0, 1])[0].astype(float) for s in (whole, half))
    far = np.abs(one - other)
    assert 0.0 < far.mean() < 3.0
    assert model.spec(asked, whole).key != model.spec(asked, half).key


def test_other_words_are_another_draw(model: NetworkPortraits) -> None:
    settings = Settings.from_dict(FAST)
    one, other = model.ask("A photo of a Doctor!"), model.ask("a photo of a physician")
    assert one.levels == other.levels
    assert model.spec(one, settings).key != model.spec(other, settings).key
    assert (
        model.spec(model.ask("a photo of a doctor"), settings).key == model.spec(one, settings).key
    )


def test_prompts_that_cannot_be_read_are_refused(model: NetworkPortraits) -> None:
    with pytest.raises(InputError, match="unknown word"):
        model.ask("a portrait of a wizard")
    with pytest.raises(InputError, match="shorten it"):
        model.ask("a doctor " + "and a person " * 12)


def test_the_data_rate_is_the_rates_files(model: NetworkPortraits) -> None:
    assert model.rate("presentation", "woman", model.ask("a doctor")) == pytest.approx(0.379)


def test_states_that_are_not_finite_become_grey(model: NetworkPortraits) -> None:
    x = torch.full((1, 3, 64, 64), float("nan"))
    assert np.unique(model.decode(x)).tolist() == [128]


def _cut(path: Path, to: Path) -> Path:
    to.write_bytes(path.read_bytes()[:-100])
    return to


def test_damaged_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = SpectralDenoiser(SMALL, TextShape(vocabulary(), width=16, layers=2))
    good = tmp_path / "good.safetensors"
    store(made, good, {})
    with pytest.raises(InputError, match="damaged"):
        restore(_cut(good, tmp_path / "cut.safetensors"))
    with pytest.raises(InputError, match="there is no file"):
        restore(tmp_path / "nowhere.safetensors")
    (tmp_path / "pickle.pt").write_bytes(b"\x80\x04\x95garbage")
    with pytest.raises(InputError, match="damaged"):
        restore(tmp_path / "pickle.pt")
    with torch.no_grad():
        made.nothing[0] = float("inf")
    store(made, tmp_path / "inf.safetensors", {})
    with pytest.raises(InputError, match="not finite"):
        restore(tmp_path / "inf.safetensors")


def test_a_header_that_lies_is_refused(tmp_path: Path) -> None:
    import json

    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    torch.manual_seed(0)
    good = tmp_path / "good.safetensors"
    store(SpectralDenoiser(SMALL, TextShape(vocabulary(), width=16, layers=2)), good, {})
    with safe_open(good, framework="pt") as file:
        header = json.loads(file.metadata()["catoptric"])
    tensors = load_file(good)

    def again(changed: dict[str, object], but: dict[str, torch.Tensor] | None = None) -> Path:
        path = tmp_path / "lies.safetensors"
        save_file(tensors if but is None else but, path, {"catoptric": json.dumps(changed)})
        return path

    with pytest.raises(InputError, match="is missing"):
        restore(again(header | {"network": header["network"] | {"depths": [2, 1, 1]}}))
    with pytest.raises(InputError, match="has shape"):
        restore(again(header | {"network": header["network"] | {"widths": [16, 48, 32]}}))
    with pytest.raises(InputError, match="describes no network"):
        restore(again(header | {"network": {"widths": "many"}}))
    with pytest.raises(InputError, match="no size of a layer"):
        restore(again(header | {"network": header["network"] | {"widths": [10**9, 16, 16]}}))
    with pytest.raises(InputError, match="no size of a layer"):
        restore(again(header | {"network": header["network"] | {"depths": [10**9, 1, 1]}}))
    with pytest.raises(InputError, match="format"):
        restore(again({"format": "another"}))
    with pytest.raises(InputError, match="missing"):
        restore(again(header, {k: t for k, t in tensors.items() if k != "nothing"}))
