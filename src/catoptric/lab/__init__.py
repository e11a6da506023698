"""The laboratory: settings tried side by side (`grid`), and settings found for a prompt (`tune`).

Both draw through a run folder as the audit does, so what is there is never drawn twice, and both
hold a picture against the converged one of the same seed: same prompt, guidance, start and noise,
the solver taken to where smaller steps change next to nothing.
"""

from catoptric.lab.axes import Axis, parse_axis
from catoptric.lab.grid import Grid, draw_grid
from catoptric.lab.grid_plan import GridRequest, grid_folder, plan_grid
from catoptric.lab.grid_result import grid_json
from catoptric.lab.tune_request import TuneRequest
from catoptric.lab.tune_result import tune_json
from catoptric.lab.tuning import Tuned, tune, tune_folder

__all__ = [
    "Axis",
    "Grid",
    "GridRequest",
    "TuneRequest",
    "Tuned",
    "draw_grid",
    "grid_folder",
    "grid_json",
    "parse_axis",
    "plan_grid",
    "tune",
    "tune_folder",
    "tune_json",
]
