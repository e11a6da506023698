"""How the conditional and the unconditional estimate are put together, where not by a line.

Each takes x, c, u [B, ...] and w [B, 1, ...] and gives the guided x0. Sums over a row are taken by
halving in float64, as in `norm`, so that a row's bits depend on nothing but the row.
"""

import torch
from torch import Tensor

from catoptric.sampling.norm import row_sum


def _row_sum(values: Tensor) -> Tensor:
    """Sum of each row, shaped to broadcast: float64 [B, 1, ...]."""
    return row_sum(values).view(-1, *(1,) * (values.ndim - 1))


def _spread(values: Tensor) -> Tensor:
    """Standard deviation of each row, float64 [B, 1, ...]."""
    count = values[0].numel()
    centred = values.double() - _row_sum(values) / count
    return torch.sqrt(_row_sum(centred * centred) / max(count - 1, 1))


def rescaled(x: Tensor, c: Tensor, guided: Tensor, sigma: Tensor, amount: float) -> Tensor:
    """The guided estimate with its spread pulled to the conditional one's.

    On v, up to a factor x / (1 + sigma^2) - x0: v' = v (amount std(v_c) / std(v) + 1 - amount).

    Args:
        x, c, guided: [B, ...], state, conditional and guided estimate.
        sigma: [B, 1, ...].
        amount: phi, 0 .. 1.

    Returns:
        x0: [B, ...].

    Source: Lin et al. 2024, section 3.4; on v whatever the model predicts, as ComfyUI's RescaleCFG.
    """
    rest = x / (1 + sigma**2)
    v = rest - guided
    ratio = _spread(rest - c) / _spread(v).clamp(min=1e-30)
    return rest - v * (amount * ratio + 1 - amount).to(x.dtype)


def projected(c: Tensor, change: Tensor, w: Tensor, *, parallel: float, norm: float) -> Tensor:
    """Adaptive projected guidance: c + (w - 1) (perpendicular + parallel times the part along c).

    Args:
        c: [B, ...], conditional estimate.
        change: [B, ...], c - u, with momentum where there is one.
        w: [B, 1, ...], weight.
        parallel: eta, factor on the part of the change along c; 1 = all of it.
        norm: r, the longest change; a longer one is cut to it; 0 = no limit.

    Returns:
        x0: [B, ...].

    Source: Sadat et al. 2024, APG, algorithm 1.
    """
    if norm > 0.0:
        length = torch.sqrt(_row_sum(change * change)).clamp(min=1e-30)
        change = change * (norm / length).clamp(max=1.0).to(change.dtype)
    along = _row_sum(change * c) / _row_sum(c * c).clamp(min=1e-30)
    cut = (1.0 - parallel) * along.to(c.dtype) * c
    return c + (w - 1) * (change - cut)


def zero_star(x: Tensor, c: Tensor, u: Tensor, w: Tensor) -> Tensor:
    """CFG-Zero*: the unconditional direction scaled to fit the conditional one best.

    With v = x - x0 (d up to sigma): v = s v_u + w (v_c - s v_u), s = <v_c, v_u> / |v_u|^2.

    Args:
        x, c, u: [B, ...], state, conditional and unconditional estimate.
        w: [B, 1, ...], weight.

    Returns:
        x0: [B, ...].

    Source: Fan et al. 2025, CFG-Zero*, equations 7 to 9, on this form's own velocity d (the noise
        estimate); a flow model's own v differs from it by the interpolation.
    """
    own, free = x - c, x - u
    fit = (_row_sum(own * free) / _row_sum(free * free).clamp(min=1e-30)).to(x.dtype)
    return x - (fit * free + w * (own - fit * free))


def perpendicular_negative(c: Tensor, u: Tensor, n: Tensor, w: Tensor, *, scale: float) -> Tensor:
    """Perp-Neg: pushed away from a second condition only where that is not along the first.

    x0 = u + w (p - scale (q - p <p, q> / |p|^2)), p = c - u, q = n - u.

    Args:
        c, u, n: [B, ...], conditional, unconditional and negative estimate.
        w: [B, 1, ...], weight.
        scale: of the negative direction.

    Returns:
        x0: [B, ...].

    Source: Armandpour et al. 2023, Perp-Neg, equations 5 and 6.
    """
    own, away = c - u, n - u
    along = (_row_sum(own * away) / _row_sum(own * own).clamp(min=1e-30)).to(c.dtype)
    return u + w * (own - scale * (away - along * own))
