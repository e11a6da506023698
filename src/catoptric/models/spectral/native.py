"""The compiled kernel (kernel.c), found, chosen for this processor and called through ctypes.

No OpenMP and no threads of its own in C: a second pool of spinning workers beside torch's costs a
factor of 50 on a shared machine. Where torch has more than one thread, units of work are dealt to a
small pool of Python threads, which sleep when idle; ctypes leaves the interpreter to others.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from catoptric.errors import InputError

SIZES = (8, 16, 32, 64)
"""Sides of the grids that the kernel is compiled for."""
LANES = {"baseline": 4, "avx2": 8, "avx512": 16}
"""Channels that one instruction takes at once, by variant; those of setup.py."""
PREFERRED = {"AVX512": ("avx512", "avx2"), "AVX2": ("avx2",)}
"""Variants worth trying, best first, by what torch says of the processor."""
FORCE = "CATOPTRIC_KERNEL"
"""Environment variable: baseline, avx2, avx512, or torch for the reference path."""
# Dealing a job to another thread takes some 30 us: what is done sooner is done here.
FEWEST_VALUES = 1 << 17

_log = logging.getLogger(__name__)
_POINTER, _INT = ctypes.c_void_p, ctypes.c_int


@dataclass(frozen=True)
class Kernel:
    """The functions of one instruction set.

    Attributes:
        name: key of LANES.
        lanes: channels in a vector; filters are packed in slabs of so many.
    """

    name: str
    lanes: int
    single: Callable[..., None]
    pair: Callable[..., None]
    correlate: Callable[..., None]


@cache
def kernel() -> Kernel | None:
    """The best compiled kernel for this processor, or None where there is none.

    Raises:
        InputError: the environment asks for a variant that this build or processor lacks.
    """
    wanted = os.environ.get(FORCE)
    if wanted == "torch":
        return None
    if wanted is not None and wanted not in LANES:
        raise InputError(f"{FORCE}={wanted} is none of {', '.join(LANES)}, torch")
    library = _library()
    if library is None:
        if wanted is not None:
            raise InputError(f"{FORCE}={wanted}: the kernel was not built; unset it or say torch")
        _log.warning("the compiled FFT kernel is missing: torch's FFT serves, slower")
        return None
    able = (*PREFERRED.get(torch.backends.cpu.get_cpu_capability(), ()), "baseline")
    for name in able if wanted is None else [name for name in able if name == wanted]:
        if hasattr(library, f"mix_single_{name}"):
            return _functions(library, name)
    raise InputError(f"{FORCE}={wanted}: this processor or build lacks it; there is {able[-1]}")


def _library() -> ctypes.CDLL | None:
    for path in sorted(Path(__file__).parent.glob("_kernel*")):
        if path.suffix in (".so", ".dylib", ".pyd"):
            try:
                return ctypes.CDLL(str(path))
            except OSError as error:
                _log.warning("the compiled FFT kernel cannot be loaded: %s", error)
    return None


def _functions(library: ctypes.CDLL, name: str) -> Kernel:
    def function(base: str, pointers: int) -> Callable[..., None]:
        found = getattr(library, f"{base}_{name}")
        found.restype = None
        found.argtypes = [_POINTER] * pointers + [_INT] * 6 + [_POINTER]
        return found  # type: ignore[no-any-return]

    return Kernel(
        name,
        LANES[name],
        single=function("mix_single", 5),
        pair=function("mix_pair", 5),
        correlate=function("mix_correlate", 7),
    )


class _Scratch(threading.local):
    """One slab between its passes, per thread: fresh memory would fault page by page each call."""

    def __init__(self) -> None:
        side, lanes = max(SIZES), max(LANES.values())
        spare = 16  # floats, to begin on a cache line
        self._memory = torch.empty(side * (side + 1) * 2 * lanes + spare)
        self.pointer = (self._memory.data_ptr() + 63) & ~63


_scratch = _Scratch()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="spectral")


def run(
    function: Callable[..., None],
    tensors: tuple[Tensor, ...],
    sizes: tuple[int, int, int, int],
    units: int,
) -> None:
    """Call a kernel function over all its units, dealt to as many threads as torch has.

    Args:
        function: of a `Kernel`.
        tensors: its pointers, in order; contiguous.
        sizes: side, channels, pictures, bands.
        units: slabs x pictures, or slabs: each writes where no other does.
    """
    pointers = [tensor.data_ptr() for tensor in tensors]

    def part(first: int, last: int) -> None:
        function(*pointers, *sizes, first, last, _scratch.pointer)

    threads = min(torch.get_num_threads(), units)
    if threads == 1 or tensors[0].numel() < FEWEST_VALUES:
        part(0, units)
        return
    bounds = [units * i // threads for i in range(threads + 1)]
    mine, *rest = pairwise(bounds)
    others = [_pool(threads - 1).submit(part, *each) for each in rest]
    part(*mine)
    for other in others:
        other.result()
