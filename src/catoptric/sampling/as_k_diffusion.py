"""`pid` in k-diffusion's shape, for any program that takes one of its samplers."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from catoptric.sampling.pid import pid
from catoptric.sampling.result import Step
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.settings import pid_without_noise


def sample_pid(
    model: Callable[..., Tensor],
    x: Tensor,
    sigmas: Tensor,
    extra_args: Mapping[str, Any] | None = None,
    callback: Callable[[dict[str, Any]], None] | None = None,
    disable: bool | None = None,
    return_info: bool = False,
    **options: Any,
) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
    """`pid` from the first of `sigmas` to the last above 0, every row at its own pace.

    Of the schedule nothing else is used: the steps are chosen by rtol and atol. Row i of x is row i
    of every call of the model, so that `extra_args` may hold one condition per row. The model is
    called with as many rows as x has: bits may depend on that number, as with any sampler of
    k-diffusion's; `sample` is the one that promises them.

    Args:
        model: `(x, sigma [B], **extra_args) -> x0`, a k-diffusion denoiser.
        x: [B, ...], state at sigmas[0]; float32 or float64.
        sigmas: [steps + 1], falling; with a 0 at the end the result is denoised there.
        extra_args: handed to the model.
        callback: called after each round with a dict: `x` and `denoised` [B, ...], `i` the round,
            `sigma` and `sigma_hat` [B] the level each row now stands on, and `error`, `accepted`
            and `rows` of the rows that tried a step.
        disable: for the shape's sake; there is no progress bar.
        return_info: whether to give the counts too.
        options: of `PidOptions`, but for eta: rtol, atol, order, p, i, d, ..., or a `preset`.

    Returns:
        [B, ...]; with `return_info` also a dict of int64 [B]: steps, nfe, n_accept, n_reject,
        status (a `Status` per row: a row that is not finite ends alone).

    Raises:
        InputError: for a schedule that does not fall, or an option that is unknown or impossible.
        ValueError: when the model returns another shape or dtype than it was given.
    """
    levels = check_sigmas(sigmas)
    last = levels[-1] if levels[-1] > 0.0 else levels[-2]
    chosen = pid_without_noise(options, "sample_pid", final_denoise=levels[-1] == 0.0)
    seen, denoised = x.clone(), x.clone()
    reached = torch.full((x.shape[0],), levels[0], dtype=torch.float64, device=x.device)
    rounds = 0

    def tell(step: Step) -> None:
        nonlocal rounds
        assert callback is not None
        seen[step.rows], denoised[step.rows] = step.x, step.denoised
        reached[step.rows] = torch.where(step.accepted, step.sigma_next, step.sigma)
        callback(
            {
                "x": seen.clone(),
                "denoised": denoised.clone(),
                "i": rounds,
                "sigma": reached.clone(),
                "sigma_hat": reached.clone(),
                "error": step.error,
                "accepted": step.accepted,
                "rows": step.rows,
            }
        )
        rounds += 1

    def denoise(state: Tensor, sigma: Tensor) -> Tensor:
        return model(state, sigma, **(extra_args or {}))

    with torch.no_grad():
        result = pid(
            denoise,
            x,
            levels[0],
            last,
            slots=x.shape[0],
            options=chosen,
            watch=None if callback is None else tell,
        )
    if not return_info:
        return result.x
    return result.x, {
        "steps": result.accepted + result.rejected,
        "nfe": result.nfe,
        "n_accept": result.accepted,
        "n_reject": result.rejected,
        "status": result.status,
    }
