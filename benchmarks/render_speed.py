"""How fast portraits are drawn, and what the caches save.

    python benchmarks/render_speed.py > benchmarks/render_speed.txt

Claim: at least 3,000 portraits a second on two cores once the parts are cached.
"""

import os
import tempfile
import time

from catoptric.world import draw_portraits, load_rates, picture_set, render
from catoptric.world.layers import _load, load_layers

PORTRAITS = 12_000
ROUNDS = 5


def timed(label: str, work: object) -> float:
    """Run, print and return the seconds."""
    start = time.perf_counter()
    work()  # type: ignore[operator]
    seconds = time.perf_counter() - start
    print(f"{label:<44} {seconds:7.3f} s")
    return seconds


def main() -> None:
    """Print the table."""
    rates = load_rates()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CATOPTRIC_CACHE"] = folder
        timed("parts, cold (rasterise and store)", load_layers)
        _load.cache_clear()
        timed("parts, warm (read)", load_layers)
        codes = draw_portraits(rates, 0, PORTRAITS)
        seconds = [timed(f"render {PORTRAITS:,}", lambda: render(codes)) for _ in range(ROUNDS)]
        timed("picture set of 12,000, cold (draw and store)", lambda: picture_set(rates))
        timed("picture set of 12,000, warm (read)", lambda: picture_set(rates))
        rate = PORTRAITS / sorted(seconds)[ROUNDS // 2]
        print(f"{'portraits a second, median of rounds':<44} {rate:7,.0f}   (claim: 3,000)")


if __name__ == "__main__":
    main()
