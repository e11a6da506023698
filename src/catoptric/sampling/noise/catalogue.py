"""Every source by name, with what it is and whether it was checked against the real thing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.sampling.noise import bad, quasi
from catoptric.sampling.noise.cuda import card, cuda
from catoptric.sampling.noise.keys import NoiseSource
from catoptric.sampling.noise.numpy_bits import keyed_numpy, numpy_legacy
from catoptric.sampling.noise.nv import nv_philox
from catoptric.sampling.noise.philox import philox
from catoptric.sampling.noise.tape import Tape
from catoptric.sampling.noise.torch_cpu import torch_cpu, torch_cpu_batch, torch_cpu_replay

KEYED, REPLAY, RECORDED, QUASI, BAD = "keyed", "replay", "recorded", "quasi", "bad"

MOST_IN_BATCH = 1024


@dataclass(frozen=True)
class Source:
    """One entry of the catalogue.

    Attributes:
        form: name and what may stand behind it, as in "comfyui-batch:SIZE[:INDEX]".
        group: keyed (seeds are hashed), replay (an interface's own numbers: seeds as typed),
            recorded, quasi or bad.
        about: what it is.
        checked: against what its numbers were checked; "" where there is nothing to imitate.
        make: from what stands behind the name ("" if nothing does) and the full name.
    """

    form: str
    group: str
    about: str
    checked: str
    make: Callable[[str, str], NoiseSource]

    @property
    def name(self) -> str:
        """What stands before the first colon."""
        return self.form.partition("[")[0].partition(":")[0]

    @property
    def is_plain(self) -> bool:
        """Whether the name alone is a source."""
        return ":" not in self.form.partition("[")[0]


def _plain(source: NoiseSource) -> Callable[[str, str], NoiseSource]:
    def make(rest: str, name: str) -> NoiseSource:
        if rest:
            raise InputError(f"{name.partition(':')[0]} takes nothing behind its name, not {rest}")
        return source

    return make


def _whole(text: str, what: str, least: int, most: int, name: str) -> int:
    if not (text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise InputError(
            f"the {what} in noise source {name!r} must be a whole number from {least} to {most}, "
            f"not {text!r}"
        )
    return int(text)


def _place(parts: list[str], name: str) -> tuple[int, int | None]:
    """SIZE[:INDEX]."""
    size = _whole(parts[0], "batch size", 1, MOST_IN_BATCH, name)
    index = _whole(parts[1], "index", 0, size - 1, name) if len(parts) > 1 else None
    return size, index


def _split(rest: str, name: str, form: str, most: int) -> list[str]:
    parts = rest.split(":") if rest else []
    if not 1 <= len(parts) <= most:
        raise InputError(f"noise source {name!r} is written {form}")
    return parts


def _batch(rest: str, name: str) -> NoiseSource:
    form = f"{name.partition(':')[0]}:SIZE[:INDEX], as in {name.partition(':')[0]}:4 or :4:2"
    return torch_cpu_batch(*_place(_split(rest, name, form, 2), name))


def _replay(rest: str, name: str) -> NoiseSource:
    parts = _split(rest, name, "comfyui-replay:INDEX, as in comfyui-replay:2", 1)
    return torch_cpu_replay(_whole(parts[0], "index", 0, MOST_IN_BATCH - 1, name))


def _card(rest: str, name: str) -> NoiseSource:
    family = name.partition(":")[0]
    form = f"{family}:CARD, as in {family}:rtx-4090 or {family}:128x1536"
    return cuda(*card(_split(rest, name, form, 1)[0], family))


def _card_batch(rest: str, name: str) -> NoiseSource:
    family = name.partition(":")[0]
    form = f"{family}:CARD[:SIZE[:INDEX]], as in {family}:rtx-4090:4"
    parts = _split(rest, name, form, 3)
    layout = card(parts[0], family)
    return cuda(*layout, *_place(parts[1:], name)) if len(parts) > 1 else cuda(*layout)


def _points(rest: str, name: str) -> int:
    if not rest:
        return quasi.DEFAULT_POINTS
    points = _whole(rest, "number of points", 2, quasi.MOST_POINTS, name)
    if points & (points - 1):
        raise InputError(f"the number of points in {name!r} must be a power of two, as in sobol:64")
    return points


def _quasi(kind: quasi.Point) -> Callable[[str, str], NoiseSource]:
    return lambda rest, name: quasi.quasi(kind, _points(rest, name))


def _tape(grows: bool) -> Callable[[str, str], NoiseSource]:
    return lambda rest, name: tape_of(name, rest, grows).noise


def tape_of(name: str, path: str, grows: bool) -> Tape:
    """The recording that a name speaks of.

    Raises:
        InputError: a name without a path.
    """
    if not path:
        raise InputError(
            f"noise source {name!r} needs a file: "
            + ("one to record in, as in entropy:noise.tape" if grows else "as in file:mine.bin")
        )
    return Tape(Path(path), grows)


_TORCH = "bit for bit against torch and diffusers"
_CARD = "UNCHECKED: no card was at hand; below one wave it is a1111-nv to 2e-6"

CATALOGUE: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("philox", KEYED, "numpy's Philox4x64-10: the default", "", _plain(philox)),
        Source(
            "pcg64dxsm", KEYED, "numpy's PCG64DXSM", "", _plain(keyed_numpy(np.random.PCG64DXSM))
        ),
        Source("sfc64", KEYED, "numpy's SFC64", "", _plain(keyed_numpy(np.random.SFC64))),
        Source("mt19937", KEYED, "numpy's MT19937", "", _plain(keyed_numpy(np.random.MT19937))),
        Source(
            "numpy-legacy",
            REPLAY,
            "np.random.seed(seed); np.random.randn",
            "bit for bit against numpy",
            _plain(numpy_legacy),
        ),
        Source("comfyui", REPLAY, "ComfyUI, one picture a batch", _TORCH, _plain(torch_cpu)),
        Source(
            "comfyui-batch:SIZE[:INDEX]",
            REPLAY,
            "ComfyUI, a batch drawn at once; without INDEX, seed = SIZE * batch's seed + place",
            _TORCH,
            _batch,
        ),
        Source(
            "comfyui-replay:INDEX",
            REPLAY,
            "ComfyUI, picture INDEX of a batch drawn again (noise_inds)",
            _TORCH,
            _replay,
        ),
        Source(
            "diffusers", REPLAY, "diffusers, one CPU generator a picture", _TORCH, _plain(torch_cpu)
        ),
        Source(
            "diffusers-batch:SIZE[:INDEX]",
            REPLAY,
            "diffusers, one CPU generator for a batch; INDEX as for comfyui-batch",
            _TORCH,
            _batch,
        ),
        Source(
            "diffusers-gpu:CARD[:SIZE[:INDEX]]",
            REPLAY,
            "diffusers, one CUDA generator for a batch on a stated card",
            _CARD,
            _card_batch,
        ),
        Source("a1111-cpu", REPLAY, "A1111, RNG source CPU", _TORCH, _plain(torch_cpu)),
        Source(
            "a1111-nv",
            REPLAY,
            "A1111, RNG source NV",
            "against its printed vector",
            _plain(nv_philox),
        ),
        Source("a1111-gpu:CARD", REPLAY, "A1111, RNG source GPU, on a stated card", _CARD, _card),
        Source(
            "entropy:PATH",
            RECORDED,
            "the operating system's entropy, recorded in PATH as it is drawn",
            "",
            _tape(grows=True),
        ),
        Source(
            "file:PATH", RECORDED, "raw bytes from a source of your own", "", _tape(grows=False)
        ),
        Source(
            "sobol[:POINTS]",
            QUASI,
            f"scrambled Sobol' sets, up to {quasi.SOBOL_DIMENSIONS:,} values a picture",
            "",
            _quasi(quasi.sobol),
        ),
        Source("latin[:POINTS]", QUASI, "Latin hypercubes", "", _quasi(quasi.latin)),
        Source("richtmyer[:POINTS]", QUASI, "shifted Kronecker sets", "", _quasi(quasi.richtmyer)),
        Source("randu", BAD, "IBM's RANDU", "", _plain(bad.randu)),
        Source("lcg16", BAD, "a 16-bit congruential generator", "", _plain(bad.lcg16)),
        Source("float16-tails", BAD, "uniforms of 11 bits", "", _plain(bad.float16_tails)),
        Source(
            "repeated-block",
            BAD,
            f"the same {bad.REPEATED:,} values over and over",
            "",
            _plain(bad.repeated_block),
        ),
    )
}


def entry(name: object, what: str = "noise source") -> Source:
    """The catalogue's entry that a full name belongs to.

    Raises:
        InputError: for an unknown name, with the nearest one.
    """
    family = str(name).partition(":")[0]
    if not isinstance(name, str) or family not in CATALOGUE:
        # The nearest to the family, so that a path behind it does not blur the guess.
        raise unknown(what, family, CATALOGUE)
    return CATALOGUE[family]


def set_size(name: str) -> int:
    """Pictures that are spread out together, as consecutive seeds: 1 but for quasi sources."""
    return _points(name.partition(":")[2], name) if entry(name).group == QUASI else 1
