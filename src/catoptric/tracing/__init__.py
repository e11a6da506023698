"""Tracing: what a sampler did, measured on the path it took, sample by sample.

A trace holds the raw numbers of every attempted step and, at every state on the accepted path, the
guided estimate of the final picture split into radial frequency bands. From these come the figures
of a step response (overshoot, undershoot, rise, settling), the share of the picture that is
settled, and the shape of the path. Numbers only: nothing here knows prompts, models or pages.
"""

from catoptric.sampling.bands import Band
from catoptric.tracing.bands import BandSplit, octaves
from catoptric.tracing.path import PathShape, path_shape
from catoptric.tracing.record import Recording, record
from catoptric.tracing.summary import Mean, curve_on, mean_over_seeds, sigma_where_settled
from catoptric.tracing.trace import (
    SETTLED_WITHIN,
    Points,
    SampleTrace,
    Steps,
    Trace,
    check_traceable,
    trace_sampling,
)
from catoptric.tracing.waveform import TOLERANCE, Waveform, waveform

__all__ = [
    "SETTLED_WITHIN",
    "TOLERANCE",
    "Band",
    "BandSplit",
    "Mean",
    "PathShape",
    "Points",
    "Recording",
    "SampleTrace",
    "Steps",
    "Trace",
    "Waveform",
    "check_traceable",
    "curve_on",
    "mean_over_seeds",
    "octaves",
    "path_shape",
    "record",
    "sigma_where_settled",
    "trace_sampling",
    "waveform",
]
