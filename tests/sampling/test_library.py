"""Sampling as a library: alone, in k-diffusion's shape, with a diffusers pipeline."""

import re
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, k_diffusion, noise, settings, starts

from catoptric.errors import InputError
from catoptric.sampling import (
    ADAPTIVE,
    FIXED,
    FORMS,
    MIXES,
    SCHEDULES,
    PidOptions,
    pid,
    sample_pid,
    sample_pipeline,
)
from catoptric.sampling.as_diffusers import PipelineDenoiser
from catoptric.sampling.options import PID_PRESETS
from catoptric.sampling.schedules import karras

PAGE = Path(__file__).resolve().parents[2] / "docs/library.md"
LOW, HIGH = 0.03, 20.0


def model(x: torch.Tensor, sigma: torch.Tensor, cond: int | None = None) -> torch.Tensor:
    return Mixture(x.dtype)(x, sigma, cond)


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """A Stable Diffusion pipeline of a few thousand random weights, from configuration alone."""
    diffusers = pytest.importorskip("diffusers")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=16,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )
    # An untrained net is no denoiser: a tenth of its output keeps the paths smooth.
    unet.conv_out.weight.data *= 0.1
    unet.conv_out.bias.data *= 0.0
    vae = diffusers.AutoencoderKL(
        block_out_channels=(8, 16),
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )
    words = transformers.CLIPTextConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{c}</w>" for c in letters)]
    tokenizer = transformers.CLIPTokenizer(
        vocab={token: i for i, token in enumerate(tokens)}, merges=[], model_max_length=16
    )
    made = diffusers.StableDiffusionPipeline(
        vae=vae,
        text_encoder=transformers.CLIPTextModel(words).eval(),
        tokenizer=tokenizer,
        unet=unet.eval(),
        scheduler=diffusers.DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    made.set_progress_bar_config(disable=True)
    return made


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


SAID = (
    r"^torch\.Size\(\[3, \d+\]\) \[\d+, \d+, \d+\] \[0, 0, 0\]\n$",
    r"^torch\.Size\(\[1, 2, \d+\]\)\n$",
    r"^torch\.Size\(\[4, \d+\]\)\n$",
    r"^2 \[\d+, \d+\]\n$",
)
"""What each block prints."""


def rows_of(page: str, head: str) -> list[list[str]]:
    """The cells of the table whose first heading starts so."""
    lines = page.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {head}"))
    rest = (line.strip("| ").split(" | ") for line in lines[first + 2 :])
    return list(takewhile(lambda cells: len(cells) > 1, rest))


def test_the_page_names_every_solver_and_its_neighbour_every_schedule() -> None:
    named = " ".join(row[0] for row in rows_of(PAGE.read_text(), "name in `sampler.solver`"))
    assert set(re.findall(r"`(\w+)`", named)) == {*FIXED, *ADAPTIVE}
    page = (PAGE.parent / "interfaces.md").read_text()
    listed = " ".join(row[0] for row in rows_of(page, "schedule"))
    assert set(re.findall(r"`(\w+)`", listed)) == set(SCHEDULES)


def test_the_pages_defaults_are_the_codes() -> None:
    page = PAGE.read_text()
    dials = {row[0].strip("`"): row[1].strip("`") for row in rows_of(page, "key | default")}
    assert dials == {f.name: repr(f.default).replace("'", '"') for f in fields(PidOptions)}
    found = {}
    for names, default, _ in rows_of(page, "key in `guidance`"):
        found |= {name: default.strip("`") for name in re.findall(r"`(\w+)`", names)}
    code: dict[str, Any] = {"form": "constant", "mix": "linear", "rescale": 0.0}
    for keys in (*FORMS.values(), *MIXES.values()):
        code |= {name: default for name, (_, default) in keys.items()}
    said = {k: "-" if v is None else repr(v).replace("'", '"') for k, v in code.items()}
    assert found == said


def test_the_pages_presets_are_the_codes() -> None:
    keys = ("rtol", "atol", "tighten", "max_step")
    found = {
        row[0].strip("`"): [cell.strip("`") for cell in row[1:]]
        for row in rows_of(PAGE.read_text(), "preset")
    }
    assert found == {
        name: [str(preset[k]) if k in preset else "-" for k in keys]
        for name, preset in PID_PRESETS.items()
    }


@pytest.mark.parametrize("name", PID_PRESETS)
def test_k_diffusions_shape_takes_a_preset_but_no_noise(name: str) -> None:
    x, sigmas = starts(3, HIGH), karras(4, LOW, HIGH)
    options = PidOptions(**PID_PRESETS[name])
    direct = pid(lambda x, sigma: model(x, sigma), x, HIGH, LOW, slots=3, options=options)
    mine = sample_pid(model, x, sigmas, preset=name)
    torch.testing.assert_close(mine, direct.x, rtol=0.0, atol=1e-9)
    with pytest.raises(InputError, match="takes no eta but 0, not 1"):
        sample_pid(model, x, sigmas, preset=name, eta=1.0)


def test_the_page_shows_its_ways_in_five_lines_each() -> None:
    assert len(blocks()) == len(SAID)
    for text in blocks():
        assert len([line for line in text.splitlines() if line.strip()]) <= 5


@pytest.mark.parametrize("block", range(len(SAID)))
def test_every_block_of_the_page_runs(
    block: int, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, Any] = {
        "denoiser": Mixture(),
        "noise": noise,
        "model": model,
        "x": starts(4, HIGH).float(),
        "sigmas": karras(12, LOW, HIGH),
    }
    if "pipeline" in blocks()[block]:
        known["pipeline"] = request.getfixturevalue("pipeline")
    exec(blocks()[block], known)
    assert re.match(SAID[block], capsys.readouterr().out)


def test_sampling_needs_no_other_part_of_the_package() -> None:
    told = (
        "import sys, catoptric.sampling;"
        "print([m for m in sys.modules if m.startswith('catoptric.')"
        " and not m.startswith(('catoptric.sampling', 'catoptric.errors'))])"
    )
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_k_diffusions_shape_is_pid_itself() -> None:
    x, sigmas = starts(6, HIGH), karras(12, LOW, HIGH)
    mine, info = sample_pid(model, x, sigmas, {"cond": 1}, return_info=True, rtol=1e-3)
    direct = pid(
        lambda x, sigma: model(x, sigma, 1), x, HIGH, LOW, slots=6, options=PidOptions(rtol=1e-3)
    )
    torch.testing.assert_close(mine, direct.x, rtol=0.0, atol=1e-9)
    assert info["nfe"].tolist() == direct.nfe.tolist()
    assert (info["n_accept"] + info["n_reject"]).tolist() == info["steps"].tolist()


def test_it_goes_where_k_diffusions_own_samplers_go() -> None:
    # One call, two samplers: k-diffusion's Heun over many steps, ours at a tight tolerance.
    x = starts(6, HIGH)
    exact = k_diffusion().sample_heun(
        model, x, karras(400, LOW, HIGH), extra_args={"cond": 1}, callback=None, disable=True
    )
    ours = sample_pid(
        model, x, karras(400, LOW, HIGH), extra_args={"cond": 1}, callback=None, disable=True,
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip
    torch.testing.assert_close(ours, exact, rtol=0.0, atol=2e-3)


def test_the_callback_sees_whole_batches_go_down() -> None:
    seen: list[dict[str, Any]] = []
    x = starts(3, HIGH).float()
    sample_pid(model, x, karras(5, LOW, HIGH), callback=seen.append)
    assert [step["i"] for step in seen] == list(range(len(seen)))
    assert all(step["x"].shape == step["denoised"].shape == x.shape for step in seen)
    for before, after in pairwise(seen):
        assert bool((after["sigma"] <= before["sigma"]).all())
    assert seen[-1]["sigma"].tolist() == pytest.approx([LOW] * 3)


def test_a_row_ends_where_its_schedule_ends() -> None:
    x, levels = starts(2, HIGH), karras(5, LOW, HIGH)
    # The last estimate is made at the predicted state where that is within 3 tolerances.
    whole, cut = (sample_pid(model, x, s, rtol=1e-8, atol=1e-12) for s in (levels, levels[:-1]))
    sigma = torch.full((2,), LOW, dtype=torch.float64)
    torch.testing.assert_close(model(cut, sigma), whole, rtol=0.0, atol=1e-7)


@pytest.mark.parametrize(
    ("levels", "options", "message"),
    [
        ([1.0, 2.0], {}, "fall"),
        ([1.0], {}, "at least 2"),
        ([2.0, 1.0], {"rtol": 0.0}, "rtol"),
        ([2.0, 1.0], {"rtoll": 0.1}, "did you mean 'rtol'"),
    ],
)
def test_what_cannot_be_walked_is_refused(
    levels: list[float], options: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        sample_pid(model, starts(2, 2.0), torch.tensor(levels), **options)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda x0: x0[:, 1:], "returned shape"),
        (lambda x0: x0.mean(1, keepdim=True), "returned shape"),
        (lambda x0: x0.float(), "float32 for an input of torch.float64"),
        (lambda x0: x0.numpy(), "ndarray in place of a tensor"),
    ],
)
def test_a_model_that_returns_something_else_is_told(bad: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample_pid(lambda x, sigma: bad(model(x, sigma)), starts(2, 2.0), torch.tensor([2.0, 1.0]))


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_the_pipelines_estimate_is_its_schedulers(pipeline: Any, kind: str) -> None:
    scheduler = type(pipeline.scheduler).from_config(
        pipeline.scheduler.config, prediction_type=kind
    )
    scheduler.set_timesteps(1000)
    text = torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(1))
    denoiser = PipelineDenoiser(pipeline.unet, scheduler, text)
    for t in (0, 300, 999):
        kept = scheduler.alphas_cumprod[t]
        sigma = ((1 - kept) / kept).sqrt()
        x = sigma * starts(2, 1.0, t).float()[:, :1, None, None].expand(2, 4, 8, 8)
        state = x * kept.sqrt()
        with torch.no_grad():
            said = pipeline.unet(
                state, torch.full((2,), float(t)), encoder_hidden_states=text.expand(2, -1, -1)
            ).sample
            mine = denoiser(x, sigma.expand(2), None)
        theirs = scheduler.step(said, t, state).pred_original_sample
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_it_goes_where_the_pipelines_own_scheduler_goes(pipeline: Any) -> None:
    diffusers = pytest.importorskip("diffusers")
    seeds = (1, 2)
    mine, result = sample_pipeline(
        pipeline, "a cat", negative_prompt="dog", seeds=seeds, guidance=3.0, rtol=1e-3, atol=1e-3,
        output_type="latent",
    )  # fmt: skip
    assert result.status.tolist() == [0, 0]
    own = pipeline.scheduler
    pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(own.config)
    theirs = pipeline(
        "a cat",
        negative_prompt="dog",
        num_images_per_prompt=2,
        num_inference_steps=60,
        guidance_scale=3.0,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
        output_type="latent",
    ).images
    pipeline.scheduler = own
    # It rounds its times to whole ones; the rest of the difference is their steps.
    assert float((mine - theirs).abs().max() / theirs.abs().max()) < 2e-3


def test_pictures_of_a_pipeline_do_not_depend_on_their_batch(pipeline: Any) -> None:
    common: dict[str, Any] = {"guidance": 3.0, "rtol": 1e-2, "output_type": "latent"}
    both, _ = sample_pipeline(pipeline, "a cat", seeds=(1, 2), **common)
    alone, _ = sample_pipeline(pipeline, "a cat", seeds=(2,), **common)
    # The network's own rows differ in the last bits between batch sizes.
    torch.testing.assert_close(both[1:], alone, rtol=1e-3, atol=1e-3)
    pictures, _ = sample_pipeline(pipeline, "a cat", seeds=(1,), height=32, width=16, rtol=0.1)
    assert pictures[0].size == (16, 32)


def test_what_is_no_pipeline_of_this_kind_is_refused(pipeline: Any) -> None:
    with pytest.raises(InputError, match="not a Stable Diffusion pipeline"):
        sample_pipeline(object(), "a cat")
    with pytest.raises(InputError, match="seed"):
        sample_pipeline(pipeline, "a cat", seeds=())
    with pytest.raises(InputError, match="did you mean 'rtol'"):
        sample_pipeline(pipeline, "a cat", rtoll=1.0)
    with pytest.raises(InputError, match="takes no eta"):
        sample_pipeline(pipeline, "a cat", preset="fast", eta=0.5)


def test_settings_and_library_share_their_noise_contract() -> None:
    from catoptric.sampling import sample

    chosen = settings({"solver": "DPM++ 2M Karras", "steps": 5})
    assert sample(Mixture(), chosen, noise, [1], condition=1, microbatch=8).x.shape == (1, 40)
