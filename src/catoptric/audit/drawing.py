"""Pictures for their own sake: a grid, and single files that carry their settings."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from catoptric import __version__
from catoptric.audit.advice import oddities, unfinished
from catoptric.audit.gallery import Progress
from catoptric.audit.hands import default_workers
from catoptric.audit.interface import load_interface
from catoptric.audit.knobs import KNOBS, make_cells
from catoptric.audit.request import Request
from catoptric.audit.step_clock import StepClock, silent
from catoptric.errors import InputError
from catoptric.files import slug, write_whole
from catoptric.hashing import content_hash

MOST = 10_000
LARGEST_SEED = 2**32 - 1
# What A1111 calls the things that its `parameters` text names.
A1111_SOLVERS: Mapping[str, str] = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "heun": "Heun",
    "dpmpp_2m": "DPM++ 2M",
    "pndm": "PLMS",
    "dpm_adaptive": "DPM adaptive",
    "pid": "PID",
}


@dataclass(frozen=True)
class Drawing:
    """What `draw` made.

    Attributes:
        prompt: what was asked for.
        grid: file of the grid.
        files: one per picture, in the order of the seeds.
        seeds: one per picture.
        labels: what the judge says of each.
        nfe: model evaluations of each.
        settings: every knob.
        seconds: that sampling took, of loading and writing nothing.
        notes: what else the user must know: odd settings, pictures that did not finish.
    """

    prompt: str
    grid: Path
    files: tuple[Path, ...]
    seeds: tuple[int, ...]
    labels: tuple[Mapping[str, Any], ...]
    nfe: tuple[int, ...]
    settings: Mapping[str, Any]
    seconds: float
    notes: tuple[str, ...] = ()


def default_interface(model: str) -> str:
    """Whose settings draw where none are named: the network's own quick ones, or the yardstick."""
    return "quick" if model == "portraits" else "reference"


def draw_pictures(
    prompt: str,
    *,
    number: int,
    seed: int,
    interface: str,
    overrides: Sequence[str],
    rates: str | None,
    model: str,
    folder: Path,
    progress: Progress = silent,
) -> Drawing:
    """Draw pictures of a prompt and write them.

    Args:
        prompt: what to draw.
        number: how many.
        seed: the first; the others follow.
        interface: whose settings, a name or a file.
        overrides: "table.key=value" on top.
        rates: a rates file, or None.
        model: what draws.
        folder: where the files go.
        progress: told now and then how many pictures have come to their last noise level.

    Raises:
        InputError: anything the user can mend.
    """
    if not 1 <= number <= MOST:
        raise InputError(f"-n must lie between 1 and {MOST:,}, not {number}")
    if not 0 <= seed <= LARGEST_SEED - number + 1:
        raise InputError(
            f"--seed must lie between 0 and {LARGEST_SEED:,} for all pictures, not {seed}"
        )
    request = Request(prompt=prompt, model=model, rates=rates, overrides=tuple(overrides))
    chosen = load_interface(interface, overrides)
    settings = make_cells(chosen, load_interface("reference"), KNOBS).deployed
    from catoptric.audit.subject import open_subject
    from catoptric.studio.hands import make_together
    from catoptric.studio.rehearsal import check_drawable
    from catoptric.world import contact_sheet

    check_drawable(settings, model)  # before the model is loaded
    subject = open_subject(request)
    studio, asked = subject.model, subject.condition
    seeds = tuple(range(seed, seed + number))
    clock = StepClock(number, studio.denoiser_of(settings).sigma_min, progress)
    began = time.monotonic()
    pictures, result = make_together(
        studio, asked, settings, seeds, threads=default_workers(), watch=clock
    )
    seconds = time.monotonic() - began
    labels = studio.judge(asked, pictures, result.status.tolist())
    # The name tells the settings apart too: other settings must not replace these pictures.
    stem = f"{slug(prompt)}-{subject.model.spec(subject.condition, settings).key[:6]}"
    files = []
    for i, picture in enumerate(pictures):
        path = folder / f"{stem}-{seeds[i]}.png"
        text = _text(request, chosen.name, settings, seeds[i], subject)
        write_whole(path, encode_png(picture, text))
        files.append(path)
    grid = folder / f"{stem}-{seeds[0]}-grid-of-{number}.png"
    columns = int(np.ceil(np.sqrt(number)))
    text = _text(request, chosen.name, settings, seeds[0], subject, seeds=seeds, columns=columns)
    write_whole(grid, encode_png(np.asarray(contact_sheet(pictures, columns)), text))
    return Drawing(
        prompt=prompt,
        grid=grid,
        files=tuple(files),
        seeds=seeds,
        labels=tuple(labels),
        nfe=tuple(int(n) for n in result.nfe),
        settings=settings.to_dict(),
        seconds=seconds,
        notes=(
            *oddities(settings),
            *unfinished(Counter(str(label.get("reason")) for label in labels), number),
        ),
    )


def encode_png(picture: np.ndarray, text: Mapping[str, str]) -> bytes:
    """A picture as a PNG with text chunks: uint8 [H, W, 3] -> bytes."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, value in text.items():
        info.add_itxt(key, value) if not value.isascii() else info.add_text(key, value)
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def _text(
    request: Request, interface: str, settings: Any, seed: int, subject: Any, **more: Any
) -> dict[str, str]:
    """A1111's `parameters` line and our own JSON, with `more` in it."""
    sampler, guidance = settings.sampler, settings.guidance
    height, width, _ = subject.model.shape
    named = {
        "Steps": sampler.steps or "adaptive",
        "Sampler": A1111_SOLVERS.get(sampler.solver, sampler.solver),
        "Schedule type": sampler.schedule or "none",
        "CFG scale": f"{guidance.scale:g}",
        "Seed": seed,
        "Size": f"{width}x{height}",
        "Model hash": subject.model.hash[:10],
        "Model": request.model,
        "RNG": settings.noise.source,
        "Version": f"catoptric {__version__}",
    }
    parameters = ", ".join(f"{key}: {value}" for key, value in named.items())
    own = {
        "prompt": request.prompt,
        "seed": seed,
        "interface": interface,
        "settings": settings.to_dict(),
        "model": request.model,
        "model_hash": subject.model.hash,
        "rates": request.rates,
        "catoptric": __version__,
        "spec": content_hash(dict(subject.model.spec(subject.condition, settings).values)),
    } | more
    return {"parameters": f"{request.prompt}\n{parameters}", "catoptric": json.dumps(own)}
