"""What a solver asks of a model: the denoised estimate, per sample, and the range it holds in."""

from typing import Any, Protocol, cast

from torch import Tensor

from catoptric.errors import InputError


class Denoiser(Protocol):
    """A model in variance-exploding form, x = x0 + sigma eps: `D(x, sigma, condition) -> x0`.

    `sigma_min` and `sigma_max` are the *model's* range, never an interface's. A row of the result
    depends on the same row of `x` and `sigma` alone; solvers always pass the same number of rows.
    """

    @property
    def sigma_min(self) -> float:
        """Smallest noise level the model holds for, > 0."""
        ...

    @property
    def sigma_max(self) -> float:
        """Largest noise level the model holds for."""
        ...

    def __call__(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        """Denoise.

        Args:
            x: float32 [B, ...], noisy samples.
            sigma: float32 [B], noise standard deviation of each row, in units of x.
            condition: what the pictures are to show, in the model's own terms; None =
                unconditional.

        Returns:
            x0: float32 [B, ...], the expected noise-free sample.
        """
        ...


class PairedDenoiser(Denoiser, Protocol):
    """A model that makes the conditional and the unconditional estimate of a sample in one call.

    `Guided` looks for the method by its name: that is all it takes.
    """

    def pair(self, x: Tensor, sigma: Tensor, condition: Any) -> tuple[Tensor, Tensor]:
        """Both estimates, (c, u), [B, ...] each; arguments as of a call."""
        ...


class TwoGridDenoiser(Denoiser, Protocol):
    """A model that also takes pictures cropped in frequency, of side M in place of N.

    A call takes states on either grid, with sigma in the units of the states. What a state on the
    coarse grid cannot hold, the frequencies from M/2 up, is the missing band. A model that pairs
    its passes (`PairedDenoiser`) pairs them on both grids.
    """

    @property
    def coarse_scale(self) -> float:
        """M/N: white noise of deviation sigma has coarse_scale sigma after `down`."""
        ...

    def down(self, x: Tensor) -> Tensor:
        """The state's low frequencies, on the coarse grid; what is smooth keeps its values.

        Args:
            x: [B, ...], whole.

        Returns:
            [B, ...], coarse.
        """
        ...

    def grow(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """A coarse state on the whole grid, its missing band that of sigma times the noise.

        down(grow(x, noise, sigma)) = x; and where x0 has no missing band,
        grow(down(x), noise, sigma) = x for x = x0 + sigma noise.

        Args:
            x: [B, ...], coarse, from `down`.
            noise: [B, ...], whole, standard normal.
            sigma: [B], in units of the whole grid; 0 = no missing band.

        Returns:
            [B, ...], whole.
        """
        ...


def with_two_grids(denoiser: Denoiser) -> TwoGridDenoiser:
    """The model, refused where it has one grid only.

    Raises:
        InputError: for a model that is no `TwoGridDenoiser`.
    """
    # By attribute, not isinstance: a model may come wrapped by one that hands its own on.
    if all(hasattr(denoiser, name) for name in ("coarse_scale", "down", "grow")):
        return cast(TwoGridDenoiser, denoiser)
    raise InputError(
        "coarse_above in [sampler] needs a model that takes a coarser grid, and this model has one "
        "grid only: leave it out"
    )


def checked(x0: Tensor, x: Tensor) -> Tensor:
    """The estimate, refused where it cannot be one of x.

    Raises:
        ValueError: for another shape or dtype than was given: the former would be broadcast, the
            latter change the precision of the whole run, both without a word.
    """
    if not isinstance(x0, Tensor):
        raise ValueError(f"the denoiser returned {type(x0).__name__} in place of a tensor")
    if x0.shape != x.shape:
        raise ValueError(
            f"the denoiser returned shape {tuple(x0.shape)} for an input of {tuple(x.shape)}"
        )
    if x0.dtype != x.dtype:
        raise ValueError(f"the denoiser returned {x0.dtype} for an input of {x.dtype}")
    return x0
