"""The small parts, each alone: weights, norm, controllers, slots, predictor and corrector."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from torch import Tensor

from catoptric.sampling import pid
from catoptric.sampling.control import AtanController, ClippedController, no_past
from catoptric.sampling.multistep import corrector, predictor
from catoptric.sampling.norm import row_rms
from catoptric.sampling.options import PidOptions
from catoptric.sampling.slots import Slots
from catoptric.sampling.weights import step_weights


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("h", [1e-6, 1e-3, 0.1, 0.7, 0.999, 1.0, 1.3, 4.0])
def test_weights_are_the_integrals(h: float) -> None:
    # With tau = h s: integral = h^(n+1) integral_0^1 e^(h (s - 1)) s^n ds, smooth for quad.
    for n, value in enumerate(step_weights(double(h))):
        exact = (
            h ** (n + 1)
            * quad(lambda s, n=n: math.exp(h * (s - 1)) * s**n, 0, 1, epsabs=0, epsrel=1e-13)[0]
        )
        assert float(value) == pytest.approx(exact, rel=3e-14, abs=0.0)


def test_weights_have_no_step_where_the_series_ends() -> None:
    below, above = step_weights(double(1 - 1e-12)), step_weights(double(1.0))
    for a, b in zip(below, above, strict=True):
        assert float(a) == pytest.approx(float(b), rel=1e-11, abs=0.0)


def test_row_norm_is_the_rms_and_knows_only_its_row() -> None:
    values = torch.randn(16, 3, 7, generator=torch.Generator().manual_seed(0))
    exact = values.double().pow(2).mean(dim=(1, 2)).sqrt()
    torch.testing.assert_close(row_rms(values), exact, rtol=1e-14, atol=0.0)
    for order in (list(range(15, -1, -1)), [3], [5, 3, 9]):
        assert torch.equal(row_rms(values[order]), row_rms(values)[order])
    values[4, 0, 0] = math.nan
    assert row_rms(values).isfinite().sum() == 15


def test_atan_controller_on_hand_made_errors() -> None:
    control = AtanController(p=0.0, i=1.0, d=0.0, order=3, safety=0.81)
    given = control.propose(double(1.0, 1.89, 1.91, 0.0, math.nan, math.inf), no_past(6))
    # Its acceptance rule passes errors of up to 1.898 for order 3.
    assert given.accept.tolist() == [True, True, False, True, False, False]
    assert float(given.factor[0]) == pytest.approx(1.0, abs=1e-6)
    assert 2.5 < float(given.factor[3]) < 2.572
    assert float(given.factor[5]) == pytest.approx(1 - math.pi / 4, rel=1e-6)


def test_controllers_remember_accepted_errors_only() -> None:
    for propose in (
        lambda e, past: AtanController(0.4, 0.6, 0.1, 3, 0.81).propose(e, past),
        lambda e, past: ClippedController(1, 1, 0, 0.6).propose(e, past, double(4.0)),
    ):
        first = propose(double(0.3), no_past(1))
        rejected = propose(double(50.0), first.past)
        assert not bool(rejected.accept)
        assert torch.equal(rejected.past, first.past)
        second = propose(double(0.1), first.past)
        assert float(second.past[0, 1]) == float(first.past[0, 0])
        assert float(second.past[0, 0]) != float(first.past[0, 0])


def test_clipped_controller_accepts_at_the_tolerance_and_rests_below_it() -> None:
    control, order = ClippedController(p=1.0, i=1.0, d=0.0, safety=0.6), double(4.0)
    verdicts = control.propose(double(1.0, 1.001, math.nan, 0.0), no_past(4), order)
    assert verdicts.accept.tolist() == [True, False, False, True]
    assert float(verdicts.factor[3]) == control.most
    assert float(verdicts.factor[1]) < 0.601
    rest = 0.6**4
    steady = control.propose(double(rest), double(rest, rest)[None], order)
    assert float(steady.factor) == pytest.approx(1.0)
    # Errors that grow by 4 a step predict another growth: shrink, though the error is as wanted.
    growing = control.propose(double(rest), double(rest / 4, rest / 16)[None], order)
    assert float(growing.factor) < 0.75


def test_slots_seat_everyone_once() -> None:
    slots, seen = Slots(5, 2), []
    while slots.busy:
        seen += slots.fill()[1]
        slots.release(slots.taken)
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("known", [1, 2, 3])
def test_predictor_and_corrector_are_exact_for_their_polynomials(known: int) -> None:
    # D(tau) of degree known - 1 (predictor) and min(known, 2) (corrector), nodes at uneven places.
    h, h1, h2, x = 0.6, 0.4, 0.7, 1.7
    n = torch.tensor([known])
    places = [h, 0.0, -h1, -h1 - h2]
    for degree, rule in (
        (known - 1, predictor(double(h), double(h1), double(h2), n)),
        (min(known, 2), corrector(double(h), double(h1), double(h2), n)[0]),
    ):
        poly = np.polynomial.Polynomial([0.3, -1.1, 0.8, 2.0][: degree + 1])
        exact = math.exp(-h) * x + quad(lambda t, f=poly: math.exp(t - h) * f(t), 0, h)[0]
        values = [double(float(poly(p)))[:, None] for p in places]
        got = float(rule.of(double(x)[:, None], *values))
        assert got == pytest.approx(exact, rel=1e-12)


def test_the_error_is_the_distance_to_one_order_more() -> None:
    h, h1, h2, x = 0.6, 0.4, 0.7, 1.7
    poly = np.polynomial.Polynomial([0.3, -1.1, 0.8, 2.0])
    exact = math.exp(-h) * x + quad(lambda t: math.exp(t - h) * poly(t), 0, h)[0]
    state, error = corrector(double(h), double(h1), double(h2), torch.tensor([3]))
    values = [double(float(poly(p)))[:, None] for p in (h, 0.0, -h1, -h1 - h2)]
    reached = float(state.of(double(x)[:, None], *values))
    missing = float(error.of(double(x)[:, None], *values))
    assert reached + missing == pytest.approx(exact, rel=1e-12)
    assert abs(missing) > 1e-3


def test_pid_solves_a_gaussian_to_its_tolerance() -> None:
    # x0 ~ N(0, s^2): D = x s^2 / (s^2 + sigma^2), so x(sigma) goes as sqrt(s^2 + sigma^2).
    s2 = 0.25

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        return x * (s2 / (s2 + sigma**2))[:, None]

    x = 20.0 * torch.randn(8, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    exact = x * math.sqrt((s2 + 0.03**2) / (s2 + 400.0))
    errors = []
    for tolerance in (1e-2, 1e-4, 1e-6):
        options = PidOptions(rtol=tolerance, atol=0.1 * tolerance, final_denoise=False)
        result = pid(denoise, x, 20.0, 0.03, slots=8, options=options)
        errors.append(float(((result.x - exact) / exact).abs().max()))
        assert errors[-1] < 3 * tolerance
    assert errors[0] > 20 * errors[1] > 400 * errors[2]
