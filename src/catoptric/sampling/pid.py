"""`pid`: our adaptive multistep solver, one evaluation a step, every sample at its own pace.

A sample is always in one of three phases, named after the evaluation it needs next:

    START  D at the state it stands on: at the beginning, and after each jump of the guidance
    STEP   D at the predicted end of a step
    END    D at the last state, which becomes the result

Each round evaluates all slots once, whatever their phases, and moves each sample on.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from catoptric.sampling.control import ClippedController, no_past
from catoptric.sampling.denoiser import checked
from catoptric.sampling.dense import Dense
from catoptric.sampling.ledger import Ledger, verdict
from catoptric.sampling.multistep import corrector, predictor
from catoptric.sampling.norm import NORMS, row_rms
from catoptric.sampling.options import PidOptions
from catoptric.sampling.result import Denoise, Memory, SampleResult, Step, Watch
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

START, STEP, END = 0, 1, 2

NEAR = 3.0
"""The estimate at the predicted end of the last step is the result where predictor and corrector
are at most so many tolerances apart: a twentieth of all evaluations saved, at no error that
benchmarks/work_precision.py can see."""


def pid(
    denoise: Denoise,
    x: Tensor,
    sigma_start: float,
    sigma_end: float,
    *,
    slots: int,
    options: PidOptions | None = None,
    jumps: Sequence[float] = (),
    passes: Passes = one_pass,
    watch: Watch | None = None,
    at: Sequence[float] = (),
    paths: RowPaths | None = None,
    seeds: Sequence[int] = (),
    memory: Memory | None = None,
) -> SampleResult:
    """Predict, evaluate once, correct; accept where the corrector's own error is within tolerance.

    error = norm(E) against atol + rtol max(|x|, |x'|), E the last Newton term (`NORMS`). All steps
    are in the clock (1 + eta) lambda, in which the noisy equation has the same weights.

    Args:
        denoise: `(x, sigma [slots]) -> x0`.
        x: [n, ...], states at sigma_start, all samples; float32 or float64.
        sigma_start, sigma_end: range, falling, > 0.
        slots: rows of every model call.
        options: tolerances, norm, order, controller.
        jumps: sigmas at which the estimate jumps: landed on, history restarted.
        passes: model passes a row's evaluation counts.
        watch: called after each round that tried a step.
        at: sigmas within the range at which each sample's state is wanted (`SampleResult.dense`).
        paths: Brownian paths over the range; needed where `options.eta` > 0.
        seeds: of those paths, one per sample.
        memory: of `denoise`, where it has one: it advances with the steps that are accepted.

    Returns:
        The samples and their cost, in the order of x.

    Raises:
        InputError: for an empty range, tolerances below what x's dtype can resolve, states that
            the norm cannot read, dense output with noise or outside the range.
        ValueError: for a denoiser that returns another shape or dtype than it was given.

    Source: research/adaptive.md; Lu et al. 2022 (multistep in lambda), Zhao et al. 2023 (UniPC's
        corrector), Soderlind 2003 (control).
    """
    o = options or PidOptions()
    check_range(sigma_start, sigma_end)
    check_resolvable(o.rtol, x.dtype, o.tighten)
    control, norm, rate = ClippedController(o.p, o.i, o.d, o.safety), NORMS[o.norm], 1.0 + o.eta
    stops = rate * stops_between(sigma_start, sigma_end, jumps, x.device)
    order = min(o.order, 2) if o.eta > 0.0 else o.order
    last_leg = len(stops) - 1
    queue, ledger = Slots(x.shape[0], slots), Ledger(x, slots)
    dense = Dense(x, at, sigma_start, sigma_end, noisy=o.eta > 0.0)
    noise = Increments(paths, seeds, x, slots, sigma_start, wanted=o.eta > 0.0)
    column = (slots, *(1,) * (x.ndim - 1))
    start = -rate * torch.log(torch.tensor(sigma_start, dtype=torch.float64, device=x.device))

    def level(place: Tensor) -> Tensor:
        """sigma at a place in the clock."""
        return torch.exp(-place / rate)

    def jolt_of(place: Tensor, stepping: Tensor) -> Tensor:
        """What the noise adds to each slot's step: s_noise sigma^(1 + eta) (B(u) - B(u before))."""
        risen = noise.to(queue.rows.tolist(), level(place), stepping)
        if risen is None:
            return nothing
        jolt = (o.s_noise * level(place) ** rate).view(column) * risen
        return torch.where(stepping.view(column), jolt.to(x.dtype), 0.0)

    nothing = x.new_zeros((slots, *x.shape[1:]))
    state, d0, d1, d2 = nothing, nothing, nothing, nothing
    clock = start.repeat(slots)
    h_next = torch.full_like(clock, rate * o.h_init)
    h1, h2 = torch.ones_like(clock), torch.ones_like(clock)
    known = torch.zeros(slots, dtype=torch.int64, device=x.device)
    leg, phase = torch.zeros_like(known), torch.zeros_like(known)
    past = no_past(slots, x.device)

    while queue.busy:
        seats, rows = queue.fill()
        if seats:
            index = torch.tensor(seats, device=x.device)
            state = state.index_copy(0, index, x[rows])
            # What the last sample left behind has weight 0, but 0 times its NaN would be NaN.
            d0, d1, d2 = (past_d.index_fill(0, index, 0.0) for past_d in (d0, d1, d2))
            clock[seats], h_next[seats], past[seats] = start, rate * o.h_init, torch.nan
            leg[seats], phase[seats], known[seats] = 0, START, 0
            ledger.open(seats)
            noise.open(seats)
            if memory is not None:
                memory.open(seats)
        taken = queue.taken.to(x.device)
        stepping, starting, ending = phase == STEP, phase == START, phase == END

        # The step each sample would take: onto its stop, or half of what is left rather than
        # nearly all of it and then a crumb.
        stop = stops[leg]
        left = stop - clock
        lands = h_next >= left
        h = torch.where(lands, left, torch.where(2.0 * h_next > left, 0.5 * left, h_next))
        h = torch.where(stepping, h, 1.0)
        place = torch.where(stepping, torch.where(lands, stop, clock + h), clock)
        jolt = jolt_of(place, stepping)
        predicted = predictor(h, h1, h2, known).of(state, state, d0, d1, d2) + jolt

        # One evaluation for every slot, at the state its phase asks for.
        above = stepping & lands & (leg < last_leg)
        below = starting & (leg > 0)
        side = SIDE * (above.double() - below.double())
        sigma = (level(place) * (1.0 + side)).to(x.dtype)
        where = torch.where(stepping.view(column), predicted, state)
        newest = checked(denoise(where, sigma), where)

        corrected_by, error_by = corrector(h, h1, h2, known)
        corrected = corrected_by.of(state, newest, d0, d1, d2) + jolt
        last_term = error_by.of(state, newest, d0, d1, d2)
        within = (level(place) < o.branch_high) & (level(clock) > o.branch_low)
        tighten = torch.where(within, o.tighten, 1.0).double()
        error = tighten * norm(last_term, state, corrected, o.atol, o.rtol)
        # Noise makes D rough along the path: only its square root is smooth in h.
        local_order = torch.full_like(h, 1.5) if o.eta > 0.0 else (known + 1).double()
        # Past errors are read by today's tolerance: a new one must not look like a trend.
        proposal = control.propose(error, tighten[:, None] * past, local_order)
        good = torch.where(stepping, error.isfinite(), row_rms(newest).isfinite())
        accept = stepping & good & (proposal.accept | (h <= rate * o.min_step))
        reject = stepping & ~accept & good
        if memory is not None:
            memory.undo(reject)

        if watch is not None and bool((taken & stepping).any()):
            seen = taken & stepping
            after = torch.where(accept.view(column), corrected, state)
            watch(
                Step(
                    rows=queue.rows[seen.cpu()],
                    sigma=level(clock)[seen],
                    sigma_next=level(place)[seen],
                    x=after[seen],
                    denoised=newest[seen],
                    error=error[seen],
                    accepted=accept[seen],
                )
            )
        dense.add(queue.rows, taken & accept, clock, h, h1, known, (state, newest, d0, d1))

        # Every sample moves on: histories shift where a step was accepted, begin where one starts.
        landed = accept & lands
        at_end = landed & (leg == last_leg)
        arrived = at_end
        if o.final_denoise and bool(at_end.any()):
            gap = norm(corrected - predicted, state, corrected, o.atol, o.rtol)
            arrived = at_end & (tighten * gap <= NEAR)
        take, begin = accept.view(column), starting.view(column)
        d2 = torch.where(take, d1, d2)
        d1 = torch.where(take, d0, d1)
        d0 = torch.where(take | begin, newest, d0)
        h2 = torch.where(accept, h1, h2)
        h1 = torch.where(accept, h, h1)
        known = torch.where(accept, (known + 1).clamp(max=order), known)
        known = torch.where(starting, 1, known)
        state = torch.where(take, corrected, state)
        is_result = ending | (arrived if o.final_denoise else torch.zeros_like(arrived))
        state = torch.where(is_result.view(column), newest, state)
        clock = torch.where(accept, place, clock)
        noise.keep(accept)
        # A step cut short by its stop says nothing against the longer one planned.
        grown = torch.maximum(h * proposal.factor, torch.where(lands, h_next, 0.0))
        h_next = torch.where(accept, grown, torch.where(reject, h * proposal.factor, h_next))
        h_next = h_next.clamp(rate * o.min_step, rate * o.max_step)
        past = torch.where(stepping[:, None], proposal.past / tighten[:, None], past)

        turn = landed & ~at_end
        past = torch.where(turn[:, None], torch.nan, past)
        leg = leg + turn.long()
        phase = torch.where(starting, STEP, phase)
        phase = torch.where(turn, START, phase)
        phase = torch.where(at_end & ~arrived, END, phase)

        ledger.add(passes(sigma), accept, reject)
        done = ending | arrived
        exhausted = (reject | (accept & ~at_end)) & (ledger.attempts >= o.max_steps)
        ledger.close(queue, state, torch.where(taken, verdict(done, exhausted, ~good), -1))
    return replace(ledger.result(), dense=dense.result())
