"""How often does the judge err on the network's own pictures, and is it the same in every cell?

Truth is the nearest of 200,000 renders and their neighbours, which no trained judge had a say in.
It is itself unsure of skin and background in poor pictures, and its errors count as the judge's.
Cells may be added up only where two one-sided tests show their errors to be the same within 5
points; the counts of all cells are stored for audits either way, and the table says which it was.

Run: python benchmarks/judge_on_portraits.py --run FOLDER   (some minutes; pictures are kept in
FOLDER). Writes src/catoptric/judges/weights/on_portraits.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from catoptric.attribution import may_pool, rate_interval
from catoptric.audit.interface import load_interface
from catoptric.audit.knobs import make_cells
from catoptric.judges import nearest_render
from catoptric.judges.calibration import Confusion, confusions
from catoptric.judges.own import keep_own, own_file
from catoptric.judges.zero_shot import ZeroShotJudge
from catoptric.studio.opening import open_studio
from catoptric.world import AUDITABLE, attribute, load_rates
from portraits import draw
from tables import printed

CELLS = ("reference", "quick", "comfyui")
EACH = 8
MARGIN = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run
    with tempfile.TemporaryDirectory() as temporary, printed(__file__) as say:
        folder = Path(temporary) if kept is None else kept
        judge, model = ZeroShotJudge.load(), open_studio("portraits", load_rates(None))
        reference = load_interface("reference")
        say(f"{judge.name} on the pictures of portraits {model.hash[:16]}")
        say(f"{EACH} pictures of each occupation under each of {', '.join(CELLS)}")
        say()
        found: dict[str, dict[str, Confusion]] = {}
        far = {}
        for cell in CELLS:
            tables = make_cells(load_interface(cell), reference).deployed.to_dict()
            pictures = np.concatenate(
                [
                    draw(folder, f"a portrait of a{'n' if o[0] in 'aeiou' else ''} {o}", tables,
                         EACH).pictures
                    for o in attribute("occupation").levels
                ]
            )  # fmt: skip
            nearest = nearest_render(pictures)
            found[cell] = confusions(nearest.codes, judge.codes(pictures))
            far[cell] = nearest.distance
        for cell in CELLS:
            low, middle, high = np.quantile(far[cell], [0.05, 0.5, 0.95])
            say(f"{cell}: distance to the nearest render {middle:.1f} ({low:.1f} to {high:.1f}) "
                "of 255")  # fmt: skip
            for name in AUDITABLE:
                table = found[cell][name]
                interval = rate_interval(table.right, table.pictures)
                say(f"  {name:14}agrees in {100 * table.right / table.pictures:6.2f} % "
                    f"({100 * (interval.low or 0):.1f} to {100 * (interval.high or 0):.1f}), "
                    f"unclear {100 * table.unclear / table.pictures:5.2f} %")  # fmt: skip
        say()
        together = {
            name: Confusion(name, np.sum([found[cell][name].counts for cell in CELLS], axis=0))
            for name in AUDITABLE
        }
        for name in AUDITABLE:
            level = attribute(name).levels[0]
            each = [found[cell][name].one_against_rest(level) for cell in CELLS]
            if min(table.sum(axis=1).min() for table in each) == 0:
                said = "cannot be told, a cell lacks one of the two"
            else:
                said = "shown the same" if may_pool(each, MARGIN) else "not shown the same"
            say(f"errors of {name}:{level} in all cells, within {MARGIN:g} points: {said}")
        keep_own(own_file(), judge.name, model.hash, together)
        say()
        say("counts of all cells are stored with the judge, for this model's audits")


if __name__ == "__main__":
    main()
