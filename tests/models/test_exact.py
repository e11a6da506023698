"""The closed-form denoiser, its principal coordinates, and what both promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from catoptric.models.exact import ExactDenoiser, Latent
from catoptric.models.pca import principal_components
from catoptric.models.portraits import LEFT_OUT, SIGMA_MAX, SIGMA_MIN
from catoptric.sampling import Settings
from catoptric.studio.making import make
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import Condition, attribute, parse_prompt

ROWS = 64


def weighed(points: torch.Tensor, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """The softmax of plain distances, in float64: what each picture weighs."""
    distance = (x.double()[:, None, :] - points.double()[None]).square().sum(-1)
    return torch.softmax(-distance / (2 * sigma.double()[:, None] ** 2), 1)


def naive(points: torch.Tensor, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """The reference: the pictures' weighed mean."""
    return weighed(points, x, sigma) @ points.double()


def spread(points: torch.Tensor, x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Mean distance of the pictures from that mean, by the same weights."""
    weights = weighed(points, x, sigma)
    return (weights * torch.cdist(naive(points, x, sigma), points.double())).sum(1)


def noisy(model: ExactPortraits, sigma: float, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(model.points), (ROWS,), generator=generator)
    noise = torch.randn(ROWS, model.points.shape[1], generator=generator)
    return model.points[rows] + sigma * noise


@pytest.mark.parametrize("sigma", [0.02, 0.3, 1.0, 3.0, 10.0, 1000.0])
@pytest.mark.parametrize("prompt", [None, "a portrait of a nurse"])
def test_denoiser_is_the_softmax_of_distances(
    small_model: ExactPortraits, sigma: float, prompt: str | None
) -> None:
    x = noisy(small_model, sigma)
    sigmas = torch.full((ROWS,), sigma)
    condition = parse_prompt(prompt) if prompt else None
    points = small_model.points
    if condition is not None:
        points = points[torch.from_numpy(condition.matches(small_model.pictures.codes))]
    expected = naive(points, x, sigmas)
    found = small_model.denoiser(x, sigmas, condition)
    # Pixel units; one level of 255 is 8e-3. On top comes what rounding x . x_i does where pictures
    # compete: a logit's doubt, times the spread of those it weighs. It hangs on the machine's
    # kernels: 1e-3 on one, 8e-3 on another, at sigma 0.3.
    logit = 4 * torch.finfo(torch.float32).eps * x.norm(dim=1) * points.norm(dim=1).max()
    allowed = 2e-3 + logit / sigma**2 * spread(points, x, sigmas)
    assert bool(((found - expected).abs().amax(dim=1) < allowed).all())
    assert float((found - expected).abs().median()) < 1e-4


def test_float64_path_is_exact_to_rounding(small_model: ExactPortraits) -> None:
    points = small_model.points[:300].double()
    denoiser = ExactDenoiser(points, lambda c: np.ones(300, bool), sigma_min=0.02, sigma_max=160.0)
    x = points[:ROWS] + 2.0 * torch.randn(ROWS, points.shape[1], dtype=torch.float64)
    sigma = torch.linspace(0.5, 5.0, ROWS)
    assert float((denoiser(x, sigma, None) - naive(points, x, sigma)).abs().max()) < 1e-9


def test_a_row_does_not_depend_on_its_place_or_company(small_model: ExactPortraits) -> None:
    for sigma in (0.1, 2.0, 40.0):
        x, sigmas = noisy(small_model, sigma), torch.full((ROWS,), sigma)
        plain = small_model.denoiser(x, sigmas, None)
        order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(1))
        assert torch.equal(small_model.denoiser(x[order], sigmas, None), plain[order])
        other = x.clone()
        other[1:] = noisy(small_model, sigma, seed=9)[1:]
        mixed = torch.full((ROWS,), 7.0)
        mixed[0] = sigma
        assert torch.equal(small_model.denoiser(other, mixed, None)[0], plain[0])


def test_components_are_orthonormal_and_leave_out_what_they_say(
    small_model: ExactPortraits,
) -> None:
    basis = small_model.latent.basis
    gram = basis.components @ basis.components.T
    assert float((gram - torch.eye(len(gram))).abs().max()) < 1e-4
    flat = torch.tensor(small_model.pictures.pictures, dtype=torch.float32).reshape(1500, -1)
    centred = flat * (2 / 255) - 1 - basis.mean
    kept = (centred @ basis.components.T) @ basis.components
    left_out = float((centred - kept).double().square().sum() / centred.double().square().sum())
    assert basis.left_out <= LEFT_OUT
    assert left_out == pytest.approx(basis.left_out, rel=0.1, abs=2e-7)


def test_too_small_a_subspace_is_refused() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="5 components leave out"):
        principal_components(pictures, 2 / 255, left_out=1e-5, most=5)


def test_components_do_not_depend_on_the_number_of_threads() -> None:
    pictures = np.random.default_rng(5).integers(0, 256, (1200, 16, 16, 3), dtype=np.uint8)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(principal_components(pictures, 2 / 255, left_out=0.3).components)
            assert torch.get_num_threads() == threads
        assert torch.equal(found[0], found[1])
    finally:
        torch.set_num_threads(before)


def test_a_picture_of_the_set_survives_the_latent(small_model: ExactPortraits) -> None:
    pictures = small_model.pictures.pictures[:100]
    back = small_model.latent.decode(small_model.latent.encode(pictures))
    error = np.abs(back.astype(int) - pictures.astype(int))
    assert error.mean() < 0.5  # levels of 255: what 1e-5 of the variance looks like
    assert np.quantile(error, 0.99) <= 6


def test_projected_noise_is_standard_normal_in_coordinates(small_model: ExactPortraits) -> None:
    def source(seed: int, purpose: str, shape: tuple[int, ...]) -> np.ndarray:
        return np.random.Generator(np.random.Philox(key=seed)).standard_normal(shape, np.float32)

    noise = small_model.latent.noise(source)(list(range(256)), "start")
    covariance = (noise.T @ noise / 256).double()
    assert float(covariance.diagonal().mean()) == pytest.approx(1.0, abs=0.01)
    off = covariance - torch.diag(covariance.diagonal())
    assert float(off.square().mean().sqrt()) == pytest.approx(1 / 16, rel=0.05)


def test_latent_rows_do_not_depend_on_their_company() -> None:
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (150, 8, 8, 3), dtype=np.uint8)
    basis = principal_components(pictures, 2 / 255, left_out=0.2)
    latent = Latent(basis, (8, 8, 3), rows=16)
    together = latent.encode(pictures)
    for row in (0, 7, 149):
        assert torch.equal(latent.encode(pictures[row : row + 1])[0], together[row])


@pytest.mark.parametrize("occupation", attribute("occupation").levels)
def test_starting_from_pure_noise_shifts_no_rate_by_half_a_point(
    full_model: ExactPortraits, occupation: str
) -> None:
    """The bias of starting at N(0, s^2) instead of at noisy pictures, by importance weights.

    With p the true density of noisy pictures, q the start's and f the outcome,
    E_p f - E_q f = E_q (f - c)(w - 1), w = p / q: the same draws give the bias with a small
    standard error, because w is near 1 so high up. (At sigma 160 doctor moved by 1.5 points.)
    """
    condition = parse_prompt(f"a portrait of a {occupation}")
    settings = Settings.from_dict(
        {
            "sampler": {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 24},
            "start": {"sigma": "model"},
        }
    )
    seeds = list(range(1024))
    pictures, result = make(full_model, condition, settings, seeds)
    labels = full_model.judge(condition, pictures, result.status.tolist())
    women = np.array([label["levels"]["presentation"] == "woman" for label in labels], float)
    from catoptric.sampling import noise_source

    x = SIGMA_MAX * full_model.latent.noise(noise_source("philox"))(seeds, "start").double()
    chosen = torch.from_numpy(condition.matches(full_model.pictures.codes))
    points = full_model.points[chosen].double()
    logits = (x @ points.T - points.square().sum(1) / 2) / SIGMA_MAX**2
    weight = torch.exp(torch.logsumexp(logits, 1) - np.log(len(points))).numpy()
    assert weight.mean() == pytest.approx(1.0, abs=0.02)
    terms = (women - women.mean()) * (weight - 1)
    bias, error = terms.mean(), terms.std() / np.sqrt(len(seeds))
    assert abs(bias) + 2 * error < 0.005, (bias, error)


def test_the_range_is_the_models_own(small_model: ExactPortraits) -> None:
    assert small_model.denoiser.sigma_min == SIGMA_MIN
    assert small_model.denoiser.sigma_max == SIGMA_MAX
    assert Condition().matches(small_model.pictures.codes).all()


def test_a_model_that_is_let_go_is_gone() -> None:
    """No cycle may keep a model's tensors until the collector happens to run."""
    import gc
    import weakref

    from catoptric.world import load_rates, picture_set

    gc.disable()
    try:
        model = ExactPortraits(picture_set(load_rates(None), size=300, cached=False))
        model.denoiser(model.points[:8], torch.full((8,), 1.0), parse_prompt("a doctor"))
        gone = weakref.ref(model.denoiser)
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_a_damaged_cache_is_made_again_once_before_any_worker(
    small_model: ExactPortraits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catoptric.models.portraits.cache_folder", lambda: tmp_path)
    model = ExactPortraits(small_model.pictures)
    model._arrays_path.write_bytes(b"rubbish" * 100)
    told: list[str] = []
    model.prepare(lambda: told.append("made"))
    ExactPortraits(small_model.pictures).prepare(lambda: told.append("again"))
    assert told == ["made"]
