"""Settings: the canonical form, and every mistake named in one sentence."""

import json
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings

from catoptric.errors import InputError
from catoptric.sampling import ADAPTIVE, FIXED, FORMS, SCHEDULES, Settings, euler, pid, sample
from catoptric.sampling.fixed import FIXED_SOLVERS
from catoptric.sampling.guidance import WEIGHTS

FIXED_TABLE = {"solver": "euler", "schedule": "normal", "steps": 20}


@pytest.mark.parametrize(
    "table",
    [
        {"sampler": {"solver": "pid"}},
        {"sampler": {"solver": "pid", "rtol": 1e-2, "order": 2}, "guidance": {"scale": 8}},
        {"sampler": {"solver": "dpm_adaptive", "p": 0.2}, "start": {"sigma": 14.6}},
        {
            "sampler": {**FIXED_TABLE, "schedule": "karras", "rho": 5},
            "noise": {"source": "comfyui"},
        },
        {"sampler": {"solver": "euler_ancestral", "schedule": "simple", "steps": 3, "eta": 0.5}},
        {
            "sampler": FIXED_TABLE,
            "guidance": {"form": "exponential", "scale": 7.5, "end": 0.6},
            "start": {"scale": "sqrt(1+sigma^2)"},
        },
    ],
)
def test_canonical_form_survives_json(table: dict[str, Any]) -> None:
    read = Settings.from_dict(table)
    assert Settings.from_dict(json.loads(json.dumps(read.to_dict()))) == read


def test_what_means_the_same_reads_the_same() -> None:
    automatic = settings({"solver": "dpmpp_2m", "schedule": "automatic", "steps": 20})
    assert automatic == settings({"solver": "dpmpp_2m", "schedule": "karras", "steps": 20})
    assert settings({**FIXED_TABLE, "schedule": "automatic"}).sampler.schedule == "uniform"
    none = settings(FIXED_TABLE, guidance={"form": "interval", "scale": 1, "low": 1, "high": 2})
    assert none == settings(FIXED_TABLE, guidance={"scale": 1.0})


def test_tables_of_names_agree() -> None:
    assert set(FIXED) == set(FIXED_SOLVERS)
    assert not set(FIXED) & set(ADAPTIVE)
    assert set(FORMS) == set(WEIGHTS)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"sampler": {**FIXED_TABLE, "solver": "eulr"}}, "did you mean 'euler'"),
        ({"sampler": {**FIXED_TABLE, "solver": "dpmpp2m"}}, "did you mean 'dpmpp_2m'"),
        ({"sampler": {**FIXED_TABLE, "schedule": "karas"}}, "did you mean 'karras'"),
        ({"sampler": {**FIXED_TABLE, "step": 20}}, "did you mean 'steps'"),
        ({"sampler": {**FIXED_TABLE, "steps": 0}}, "at least 1"),
        ({"sampler": {**FIXED_TABLE, "steps": 2.5}}, "whole number"),
        ({"sampler": {**FIXED_TABLE, "steps": True}}, "whole number"),
        ({"sampler": {**FIXED_TABLE, "rho": 7}}, "unknown key"),
        ({"sampler": {"solver": "euler", "steps": 20}}, "'schedule'"),
        ({"sampler": {"solver": "pid", "steps": 20}}, "chooses its own steps"),
        ({"sampler": {"solver": "pid", "rtol": 0}}, "rtol"),
        ({"sampler": {"solver": "pid", "atol": -1e-3}}, "atol"),
        ({"sampler": {"solver": "pid", "rtoll": 1e-3}}, "did you mean 'rtol'"),
        ({"sampler": {"solver": "pid", "order": 4}}, "order"),
        ({"sampler": {"solver": "dpm_adaptive", "rtol": float("nan")}}, "rtol"),
        ({"sampler": {}}, "needs a solver"),
        ({"sampler": "euler"}, "must be a table"),
        ({"sampler": FIXED_TABLE, "guidnce": {}}, "did you mean 'guidance'"),
        ({"sampler": FIXED_TABLE, "guidance": {"scael": 7}}, "did you mean 'scale'"),
        ({"sampler": FIXED_TABLE, "guidance": {"form": "intervall", "scale": 7}}, "'interval'"),
        ({"sampler": FIXED_TABLE, "guidance": {"scale": "7"}}, "must be a number"),
        ({"sampler": FIXED_TABLE, "guidance": {"form": "interval", "scale": 7}}, "'low'"),
        (
            {
                "sampler": FIXED_TABLE,
                "guidance": {"form": "interval", "scale": 7, "low": 3, "high": 1},
            },
            "low < high",
        ),
        ({"sampler": FIXED_TABLE, "start": {"sigma": 0}}, "above 0"),
        ({"sampler": FIXED_TABLE, "start": {"sigma": -1}}, "above 0"),
        ({"sampler": FIXED_TABLE, "start": {"sigma": "modle"}}, "did you mean 'model'"),
        ({"sampler": FIXED_TABLE, "start": {"scale": "sqrt"}}, "allowed"),
        ({"sampler": FIXED_TABLE, "noise": {"source": "comfy"}}, "did you mean 'comfyui'"),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings.from_dict(table)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "levels", [[1.0, 2.0], [2.0, 2.0, 0.0], [1.0, 0.0, 0.0], [1.0], [2.0, -1.0]]
)
def test_schedule_that_cannot_be_walked_is_refused(levels: list[float]) -> None:
    x = torch.zeros(2, 3)
    with pytest.raises(InputError):
        euler(lambda x, sigma: x, x, torch.tensor(levels))


@pytest.mark.parametrize("make", SCHEDULES.values())
def test_schedules_refuse_bad_ranges(make: Any) -> None:
    for bad in ((0, 0.1, 1.0), (5, 0.0, 1.0), (5, -0.1, 1.0), (5, 1.0, 0.1)):
        with pytest.raises(InputError):
            make(*bad)


@pytest.mark.parametrize(("first", "last"), [(1.0, 2.0), (1.0, 0.0), (-1.0, -2.0)])
def test_adaptive_range_is_refused(first: float, last: float) -> None:
    with pytest.raises(InputError):
        pid(lambda x, sigma: x, torch.zeros(1, 2), first, last, slots=8)


def test_sample_refuses_what_it_cannot_keep_its_promise_for() -> None:
    chosen = settings(FIXED_TABLE)
    with pytest.raises(InputError, match="multiple of 8"):
        sample(Mixture(), chosen, noise, [1], condition=None, microbatch=12)
    with pytest.raises(InputError, match="seed"):
        sample(Mixture(), chosen, noise, [], condition=None)
    high = settings(FIXED_TABLE, start={"sigma": 21.0})
    with pytest.raises(InputError, match="model's range"):
        sample(Mixture(), high, noise, [1], condition=None)


def test_start_scale_follows_the_first_sigma() -> None:
    seen: list[torch.Tensor] = []

    class Watching(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            seen.append(x / sigma[:, None])
            return super().__call__(x, sigma, condition)

    for scale in ("sigma", "sqrt(1+sigma^2)"):
        chosen = settings(FIXED_TABLE, start={"sigma": 0.5, "scale": scale})
        sample(Watching(), chosen, noise, [3], condition=None, microbatch=8)
    ratio = seen[20] / seen[0]
    torch.testing.assert_close(ratio, torch.full_like(ratio, 5**0.5))


def test_start_scale_is_that_of_the_schedules_own_first_level() -> None:
    seen: list[torch.Tensor] = []

    class Watching(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            seen.append(x)
            return super().__call__(x, sigma, condition)

    # Diffusers' leading times start below the range's top, and its noise is scaled for there.
    table = {"solver": "pndm", "schedule": "pndm_leading", "steps": 5}
    chosen = settings(table, start={"scale": "sqrt(1+sigma^2)"})
    sample(Watching(), chosen, noise, [3], condition=None, microbatch=8)
    first = float(SCHEDULES["pndm_leading"](5, 0.03, 20.0)[0])
    assert first < 10.0
    expected = (1 + first**2) ** 0.5 * noise([3] * 8, "start")
    torch.testing.assert_close(seen[0], expected)


def test_a_denoiser_that_returns_nan_marks_its_rows() -> None:
    class Nothing(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            return torch.full_like(x, torch.nan)

    for table in (FIXED_TABLE, {"solver": "pid"}, {"solver": "dpm_adaptive"}):
        result = sample(Nothing(), settings(table), noise, [1, 2], condition=None, microbatch=8)
        assert result.status.tolist() == [2, 2]
