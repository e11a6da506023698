"""`dpm_adaptive`: DPM-Solver-12 and -23 under k-diffusion's controller, every sample on its own.

A sample is always at one of the stages of an attempted step, named by the noise estimate it needs:

    FIRST   eps at the state it stands on; kept when the step is rejected
    SECOND  eps at the step's first inner point (1/3 of it, 1/2 for order 2)
    THIRD   eps at 2/3 of the step, order 3 only
    END     the denoised estimate at the last state, where asked for

Each round evaluates all slots once, whatever their stages, and moves each sample on.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from catoptric.sampling.control import AtanController, no_past
from catoptric.sampling.denoiser import checked
from catoptric.sampling.ledger import Ledger, verdict
from catoptric.sampling.norm import row_rms
from catoptric.sampling.options import DpmAdaptiveOptions
from catoptric.sampling.result import Denoise, SampleResult, Step, Watch
from catoptric.sampling.row_paths import Increments, RowPaths
from catoptric.sampling.slots import Slots
from catoptric.sampling.stops import (
    SIDE,
    Passes,
    check_range,
    check_resolvable,
    one_pass,
    stops_between,
)

FIRST, SECOND, THIRD, END = 0, 1, 2, 3

_CRUMB = 1e-5
"""A sample this close to the end in lambda has arrived, as in k-diffusion."""


def dpm_adaptive(
    denoise: Denoise,
    x: Tensor,
    sigma_start: float,
    sigma_end: float,
    *,
    slots: int,
    options: DpmAdaptiveOptions | None = None,
    jumps: Sequence[float] = (),
    passes: Passes = one_pass,
    watch: Watch | None = None,
    paths: RowPaths | None = None,
    seeds: Sequence[int] = (),
) -> SampleResult:
    """Embedded pairs of order 1 and 2, or 2 and 3; the higher one is kept.

    error = rms((x_low - x_high) / max(atol, rtol max(|x_low|, |x_prev|))) over a sample's elements,
    x_prev the lower-order result of the last accepted step. With eta the pair goes down to the
    lower level of the ancestral split, and noise up again once the step is accepted; the part of a
    step below its stop is left out, so the last step has no noise.

    Args:
        denoise: `(x, sigma [slots]) -> x0`.
        x: [n, ...], states at sigma_start, all samples; float32 or float64.
        sigma_start, sigma_end: range, falling, > 0.
        slots: rows of every model call.
        options: tolerances, order, controller; the defaults are k-diffusion's.
        jumps: sigmas at which the estimate jumps: landed on, controller restarted.
        passes: model passes a row's evaluation counts.
        watch: called after each round that ended an attempt.
        paths: Brownian paths over the range, of rate 1; needed where `options.eta` > 0.
        seeds: of those paths, one per sample.

    Returns:
        The samples and their cost, in the order of x; x at sigma_end unless `final_denoise`.

    Raises:
        InputError: for an empty range, or a tolerance below what x's dtype can resolve.
        ValueError: for a denoiser that returns another shape or dtype than it was given.

    Source: Lu et al. 2022, DPM-Solver, algorithms 4 and 5, appendix C; k-diffusion for the control.
        On one sample it takes k-diffusion's steps, at fewer evaluations where steps are rejected.
    """
    check_range(sigma_start, sigma_end)
    o = options or DpmAdaptiveOptions()
    check_resolvable(o.rtol, x.dtype)
    control = AtanController(o.p, o.i, o.d, 1.5 if o.eta > 0.0 else o.order, o.safety)
    stops = stops_between(sigma_start, sigma_end, jumps, x.device)
    last_leg = len(stops) - 1
    queue, ledger = Slots(x.shape[0], slots), Ledger(x, slots)
    noise = Increments(paths, seeds, x, slots, sigma_start, wanted=o.eta > 0.0)
    column = (slots, *(1,) * (x.ndim - 1))
    start = -torch.log(torch.tensor(sigma_start, dtype=torch.float64, device=x.device))
    final_stage = THIRD if o.order == 3 else SECOND

    state = x.new_zeros((slots, *x.shape[1:]))
    low_before, e0, e1 = state, state, state
    lambda_ = start.repeat(slots)
    h_next = torch.full_like(lambda_, o.h_init)
    leg = torch.zeros(slots, dtype=torch.int64, device=x.device)
    stage, turned = torch.zeros_like(leg), torch.zeros_like(leg, dtype=torch.bool)
    past = no_past(slots, x.device)

    def wide(weight: Tensor) -> Tensor:
        return weight.to(x.dtype).view(column)

    while queue.busy:
        seats, rows = queue.fill()
        if seats:
            seat_index = torch.tensor(seats, device=x.device)
            state = state.index_copy(0, seat_index, x[rows])
            low_before = low_before.index_copy(0, seat_index, x[rows])
            # What the last sample left behind has weight 0, but 0 times its NaN would be NaN.
            e0, e1 = (e.index_fill(0, seat_index, 0.0) for e in (e0, e1))
            lambda_[seats], h_next[seats], past[seats] = start, o.h_init, torch.nan
            leg[seats], stage[seats], turned[seats] = 0, FIRST, False
            ledger.open(seats)
            noise.open(seats)
        taken = queue.taken.to(x.device)

        stop = stops[leg]
        lands = lambda_ + h_next >= stop
        after = torch.where(lands, stop, lambda_ + h_next)
        down = _lower(lambda_, after, stop, o.eta) if o.eta > 0.0 else after
        # Samples at END stand on their stop; any step will do for the algebra they do not use.
        h = torch.where(stage == END, 1.0, down - lambda_)

        # One evaluation for every slot, at the point its stage asks for.
        share = torch.where(stage == THIRD, 2.0 / 3.0, 1.0 / 3.0 if o.order == 3 else 0.5)
        share = torch.where((stage == FIRST) | (stage == END), 0.0, share)
        reach = share * h
        at = lambda_ + reach
        rise = torch.exp(-at) * torch.expm1(reach)
        inner = state - wide(rise) * e0
        bend = torch.exp(-at) * 2.0 * (torch.expm1(reach) / reach - 1.0)
        bend = torch.where(stage == THIRD, bend, 0.0)
        inner = inner - wide(bend) * (e1 - e0)
        standing = (stage == FIRST) | (stage == END)
        inner = torch.where(standing.view(column), state, inner)
        below = SIDE * ((stage == FIRST) & turned).double()
        sigma = (torch.exp(-at) * (1.0 - below)).to(x.dtype)
        denoised = checked(denoise(inner, sigma), inner)
        newest = (inner - denoised) / sigma.view(column)
        e0 = torch.where((stage == FIRST).view(column), newest, e0)
        e1 = torch.where((stage == SECOND).view(column), newest, e1)

        # The pair, meant only for samples whose attempt this evaluation completes.
        tried, ending = stage == final_stage, stage == END
        grown = torch.exp(-down) * torch.expm1(h)
        euler = state - wide(grown) * e0
        if o.order == 3:
            low = euler - wide(1.5 * grown) * (e1 - e0)
            curve = torch.exp(-down) * 1.5 * (torch.expm1(h) / h - 1.0)
            high = euler - wide(curve) * (newest - e0)
        else:
            low = euler
            high = euler - wide(grown) * (e1 - e0)
        delta = (o.rtol * torch.maximum(low.abs(), low_before.abs())).clamp(min=o.atol)
        error = row_rms((low - high) / delta)
        proposal = control.propose(error, past)
        good = torch.where(tried, error.isfinite(), row_rms(newest).isfinite())
        accept = tried & proposal.accept & good
        reject = tried & ~accept & good
        if o.eta > 0.0 and bool(accept.any()):
            risen = noise.to(queue.rows.tolist(), torch.exp(-after), accept)
            assert risen is not None
            up2 = (torch.exp(-2.0 * after) - torch.exp(-2.0 * down)).clamp(min=0.0)
            spread2 = torch.where(accept, torch.exp(2.0 * after) - torch.exp(2.0 * lambda_), 1.0)
            share = o.s_noise * torch.sqrt(up2 / spread2)
            high = torch.where(accept.view(column), high + wide(share) * risen.to(x.dtype), high)
            noise.keep(accept)

        if watch is not None and bool((taken & tried).any()):
            seen = taken & tried
            shown = torch.where(accept.view(column), high, state)
            watch(
                Step(
                    rows=queue.rows[seen.cpu()],
                    sigma=torch.exp(-lambda_)[seen],
                    sigma_next=torch.exp(-after)[seen],
                    x=shown[seen],
                    denoised=denoised[seen],
                    error=error[seen],
                    accepted=accept[seen],
                )
            )

        # Every sample moves on.
        low_before = torch.where(accept.view(column), low, low_before)
        state = torch.where(accept.view(column), high, state)
        state = torch.where(ending.view(column), denoised, state)
        lambda_ = torch.where(accept, after, lambda_)
        past = torch.where(tried[:, None], proposal.past, past)
        arrived = accept & (lambda_ >= stop - _CRUMB)
        at_end = arrived & (leg == last_leg)
        turn = arrived & ~at_end
        # A step cut short by a jump says nothing against the longer one planned, nor for more.
        h_next = torch.where(tried & ~turn, h_next * proposal.factor, h_next)
        lambda_ = torch.where(turn, stop, lambda_)
        past = torch.where(turn[:, None], torch.nan, past)
        leg = leg + turn.long()
        turned = torch.where(tried, turn | (turned & reject), turned)

        following = torch.where(stage == FIRST, SECOND, THIRD)
        following = torch.where(accept, FIRST, torch.where(reject, SECOND, following))
        following = torch.where(at_end, END, following)
        stage = torch.where(ending, END, following)

        ledger.add(passes(sigma), accept, reject)
        done = ending if o.final_denoise else at_end
        exhausted = tried & ~at_end & (ledger.attempts >= o.max_steps)
        ledger.close(queue, state, torch.where(taken, verdict(done, exhausted, ~good), -1))
    return ledger.result()


def _lower(before: Tensor, after: Tensor, stop: Tensor, eta: float) -> Tensor:
    """The ancestral split's lower level in lambda, at most the stop; all float64 [slots]."""
    ratio2 = torch.exp(2.0 * (before - after))
    up2 = (eta**2 * (1.0 - ratio2)).clamp(0.0, 1.0)
    return torch.minimum(stop, after - 0.5 * torch.log1p(-up2))
