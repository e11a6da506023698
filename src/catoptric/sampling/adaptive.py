"""One call for both solvers that choose their own steps."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from catoptric.sampling.dpm_adaptive import dpm_adaptive
from catoptric.sampling.guidance import Guided
from catoptric.sampling.options import DpmAdaptiveOptions, Options, PidOptions
from catoptric.sampling.pid import pid
from catoptric.sampling.result import SampleResult, Watch
from catoptric.sampling.row_paths import RowPaths


def solve_adaptive(
    denoise: Guided,
    x: Tensor,
    sigma_start: float,
    sigma_end: float,
    *,
    options: Options,
    slots: int,
    watch: Watch | None,
    at: Sequence[float],
    paths: RowPaths | None,
    seeds: Sequence[int],
) -> SampleResult:
    """`pid` or `dpm_adaptive`, whichever the options are of.

    Args:
        denoise: the guided estimate.
        at: as of `pid`; empty for `dpm_adaptive`.
        x, sigma_start, sigma_end, options, slots, watch, paths, seeds: as of either.

    Returns, Raises: as either.
    """
    common: dict[str, Any] = {
        "slots": slots,
        "jumps": denoise.jumps,
        "passes": denoise.passes,
        "watch": watch,
    }
    if paths is not None:
        common |= {"paths": paths, "seeds": seeds}
    ends = (sigma_start, sigma_end)
    if isinstance(options, PidOptions):
        return pid(denoise, x, *ends, options=options, at=at, memory=denoise, **common)
    assert isinstance(options, DpmAdaptiveOptions)
    return dpm_adaptive(denoise, x, *ends, options=options, **common)
