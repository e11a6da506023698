"""Who caused how much: shares, intervals and tests, from numbers alone.

This package knows no pictures and no models.  It takes outcomes per seed and cell and returns
shares that add up, with intervals whose coverage is simulated in benchmarks/truth_simulated.py.
Rates and raw values are fractions in [0, 1]; names that end in `points` are percentage points.
"""

from catoptric.attribution.betting import betting_evidence, betting_interval
from catoptric.attribution.bounded_mean import (
    CENTRED_FROM,
    centred_mean_p,
    counted_mean_p,
    safe_mean_p,
)
from catoptric.attribution.decompose import decompose
from catoptric.attribution.draws import contrast_bounds
from catoptric.attribution.games import MAX_EXACT_PLAYERS, Game
from catoptric.attribution.independent import mean_difference, rate_difference
from catoptric.attribution.intervals import Interval, interval_of, mean_interval
from catoptric.attribution.judge_error import JudgeError, may_pool
from catoptric.attribution.mean_statistic import MeanStatistic, mean_statistic
from catoptric.attribution.rates import rate_interval, tango_interval
from catoptric.attribution.samplesize import (
    PILOT_SEEDS,
    SampleSize,
    counted_sd_upper_bound,
    half_width_for,
    sample_size,
    sd_upper_bound,
    units_for,
)
from catoptric.attribution.seeds import seed_sample
from catoptric.attribution.shapley import (
    interaction_contrasts,
    sampled_contrasts,
    shapley_contrasts,
)
from catoptric.attribution.shares import CellCount, Decomposition, Interaction, Share
from catoptric.attribution.significance import Equivalence, holm, tost, tost_power
from catoptric.attribution.unclear import UNCLEAR_HEADLINE, fill_unclear, is_undecided
from catoptric.attribution.units import unit_means

__all__ = [
    "CENTRED_FROM",
    "MAX_EXACT_PLAYERS",
    "PILOT_SEEDS",
    "UNCLEAR_HEADLINE",
    "CellCount",
    "Decomposition",
    "Equivalence",
    "Game",
    "Interaction",
    "Interval",
    "JudgeError",
    "MeanStatistic",
    "SampleSize",
    "Share",
    "betting_evidence",
    "betting_interval",
    "centred_mean_p",
    "contrast_bounds",
    "counted_mean_p",
    "counted_sd_upper_bound",
    "decompose",
    "fill_unclear",
    "half_width_for",
    "holm",
    "interaction_contrasts",
    "interval_of",
    "is_undecided",
    "may_pool",
    "mean_difference",
    "mean_interval",
    "mean_statistic",
    "rate_difference",
    "rate_interval",
    "safe_mean_p",
    "sample_size",
    "sampled_contrasts",
    "sd_upper_bound",
    "seed_sample",
    "shapley_contrasts",
    "tango_interval",
    "tost",
    "tost_power",
    "unit_means",
    "units_for",
]
