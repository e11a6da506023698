"""Noise as a CUDA card draws it, which hangs on the card: its layout in launched threads.

`torch.randn` on a card starts T = 256 min(SMs * (threads per SM / 256), ceil(n / 256)) threads for
n values. Thread t owns Philox subsequence t; its j-th call yields four normals, which go to the
elements t + T (4 j + i), i = 0 .. 3. So cards agree where T covers all of n, and no further.

Nothing here was compared with a real card: none was at hand. The integers of the layout are those
of the source; the last bits of the values are not, since cards compute sines by approximation.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.sampling.noise.keys import START, NoiseSource, typed
from catoptric.sampling.noise.nv import philox4x32
from catoptric.sampling.noise.torch_cpu import place_in_batch

BLOCK = 256
"""Threads of one block of torch's distribution kernels."""

_UNIT = np.float32(2.0**-32)
_TURN = np.float32(2.0**-32 * 2.0 * np.pi)

CARDS: Mapping[str, tuple[int, int]] = {
    "t4": (40, 1024),
    "v100": (80, 2048),
    "rtx-2060": (30, 1024),
    "rtx-2070": (36, 1024),
    "rtx-2080": (46, 1024),
    "rtx-2080-ti": (68, 1024),
    "rtx-3060": (28, 1536),
    "rtx-3060-ti": (38, 1536),
    "rtx-3070": (46, 1536),
    "rtx-3080": (68, 1536),
    "rtx-3090": (82, 1536),
    "rtx-4060": (24, 1536),
    "rtx-4060-ti": (34, 1536),
    "rtx-4070": (46, 1536),
    "rtx-4070-ti": (60, 1536),
    "rtx-4080": (76, 1536),
    "rtx-4090": (128, 1536),
    "rtx-5070": (48, 1536),
    "rtx-5080": (84, 1536),
    "rtx-5090": (170, 1536),
    "a10g": (80, 1536),
    "a100": (108, 2048),
    "l4": (58, 1536),
    "l40s": (142, 1536),
    "h100-pcie": (114, 2048),
    "h100-sxm": (132, 2048),
    "h200": (132, 2048),
}
"""Card -> (streaming multiprocessors, threads each can hold), from the makers' data sheets."""

MOST_PROCESSORS = 1024
MOST_THREADS = 4096


def card(name: str, where: str) -> tuple[int, int]:
    """A card's processors and threads per processor.

    Args:
        name: of a card in CARDS, or "SMSxTHREADS" as in "128x1536".
        where: the source's name, for the sentence of an error.

    Raises:
        InputError: an unknown card (the nearest is named), or numbers that no card has.
    """
    processors, cross, threads = name.partition("x")
    if not (cross and processors.isdecimal() and threads.isdecimal()):
        if name not in CARDS:
            raise unknown(f"card in {where} (or SMSxTHREADS, as in 128x1536)", name, CARDS)
        return CARDS[name]
    found = int(processors), int(threads)
    if not (1 <= found[0] <= MOST_PROCESSORS and BLOCK <= found[1] <= MOST_THREADS):
        raise InputError(
            f"{where} takes 1 to {MOST_PROCESSORS} processors of {BLOCK} to {MOST_THREADS} "
            f"threads, as in 128x1536, not {name}"
        )
    return found


def wave(processors: int, threads: int) -> int:
    """Values up to which a card draws one for each thread, and all such cards the same."""
    return BLOCK * processors * (threads // BLOCK)


def cuda(processors: int, threads: int, size: int = 1, index: int | None = 0) -> NoiseSource:
    """Start noise as `torch.randn(..., device="cuda")` lays it out on one card.

    Args:
        processors: streaming multiprocessors of the card.
        threads: threads that each can hold.
        size: pictures drawn in one call.
        index: which of them; None = the seed says, as in `torch_cpu_batch`.

    Returns:
        The source; any other purpose than "start" is drawn alone, seeded with hash(seed, purpose).

    Source: pytorch (to 2.13), aten/src/ATen/native/cuda/DistributionTemplates.h,
        calc_execution_policy and distribution_elementwise_grid_stride_kernel; cuRAND, curand_init
        and curand_normal4. Unchecked on a card.
    """
    reach = wave(processors, threads)

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        number, batch, k = typed(seed, purpose), 1, 0
        if purpose == START:
            batch = size
            number, k = place_in_batch(number, size, index)
        count = int(np.prod(shape))
        started = min(reach, BLOCK * -(-batch * count // BLOCK))
        element = np.arange(k * count, (k + 1) * count, dtype=np.uint64)
        return _normals(element, started, number).reshape(shape)

    return draw


def _normals(element: npt.NDArray[np.uint64], started: int, number: int) -> npt.NDArray[np.float32]:
    """The values at places `element` of one launch of `started` threads: float32 [n].

    z = sqrt(-2 ln u) (sin v or cos v), u = w 2^-32 + 2^-33, v = w' 2 pi 2^-32 + pi 2^-32, in
    float32 as the card has it; components 0, 1 from words 0, 1 and components 2, 3 from 2, 3.
    """
    turn, thread = np.divmod(element, np.uint64(started))
    call, component = np.divmod(turn, np.uint64(4))
    zero = np.zeros_like(element)
    words = philox4x32((call, zero, thread, zero), number)
    second = component >= 2
    radius = np.where(second, words[2], words[0]).astype(np.float32) * _UNIT + _UNIT / 2
    angle = np.where(second, words[3], words[1]).astype(np.float32) * _TURN + _TURN / 2
    side = np.where(component % 2 == 0, np.sin(angle), np.cos(angle))
    return np.asarray(np.sqrt(np.float32(-2) * np.log(radius)) * side, dtype=np.float32)
