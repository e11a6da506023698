"""Principal components of a picture set too large to hold as float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

# Rows turned to float32 at a time: 512 pictures of 64x64x3 are 25 MB.
BLOCK = 512
# Threads that take every PARTS-th block each. A fixed number: sums must not depend on the machine.
PARTS = 2


@contextmanager
def one_thread() -> Iterator[None]:
    """Computes with one thread inside: two split a product elsewhere, which moves its last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Basis:
    """Orthonormal directions of a picture set, largest variance first.

    Attributes:
        mean: float32 [P], the set's mean picture, pixel units.
        components: float32 [d, P], orthonormal rows.
        left_out: share of the set's variance outside the components.
    """

    mean: torch.Tensor
    components: torch.Tensor
    left_out: float


@one_thread()
def principal_components(
    pictures: np.ndarray,
    to_pixels: float,
    *,
    left_out: float,
    most: int = 1024,
    passes: int = 1,
) -> Basis:
    """Fewest leading components that leave out at most a given share of the variance.

    Randomised subspace iteration: Y = (A^T A)^passes G with a keyed Gaussian G, re-orthonormalised
    between passes, then the exact eigenvectors of A inside span(Y). A stands centred, in blocks.

    Args:
        pictures: uint8 [N, ...]; a pixel's value is `pictures * to_pixels - 1`.
        to_pixels: scale from a byte to pixel units.
        left_out: share of the variance that may stay outside, in (0, 1).
        most: size of the subspace searched; the result may be smaller.
        passes: how often the subspace is multiplied by A^T A.

    Returns:
        The basis, with the share of variance that it does leave out.

    Raises:
        ValueError: if `most` components are too few.

    Source: Halko, Martinsson & Tropp 2011, "Finding structure with randomness", algorithm 4.4.
    """
    flat = pictures.reshape(len(pictures), -1)
    size = flat.shape[1]
    most = min(most, size, len(flat))
    mean = flat.mean(axis=0, dtype=np.float64)
    centre = torch.from_numpy((mean * to_pixels - 1.0).astype(np.float32))

    def summed(term: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        """Sum of a term over centred blocks, in an order that no number of threads changes."""

        def part(first: int) -> torch.Tensor:
            torch.set_num_threads(1)  # a new thread starts with the machine's default
            total: torch.Tensor | None = None
            for start in range(first * BLOCK, len(flat), PARTS * BLOCK):
                block = torch.tensor(flat[start : start + BLOCK], dtype=torch.float32)
                value = term(block.mul_(to_pixels).sub_(1.0).sub_(centre))
                total = value if total is None else total.add_(value)
            return torch.zeros(()) if total is None else total

        with ThreadPoolExecutor(PARTS) as pool:
            return torch.stack(list(pool.map(part, range(min(PARTS, -(-len(flat) // BLOCK)))))).sum(
                0
            )

    def gram(block: torch.Tensor) -> torch.Tensor:
        projected = (block @ span).double()
        return projected.T @ projected

    variance = float(summed(lambda block: block.double().square().sum()))
    generator = np.random.Generator(np.random.Philox(key=0x9CA))
    span = torch.from_numpy(generator.standard_normal((size, most), dtype=np.float32))
    for _ in range(passes):
        span = torch.linalg.qr(span).Q
        span = summed(lambda block: block.T @ (block @ span))  # noqa: B023 (used at once)
    span = torch.linalg.qr(span).Q
    values, vectors = torch.linalg.eigh(summed(gram))
    order = torch.argsort(values, descending=True)
    outside = 1.0 - torch.cumsum(values[order], 0) / variance
    enough = torch.nonzero(outside <= left_out)
    if len(enough) == 0:
        raise ValueError(f"{most} components leave out {float(outside[-1]):.1e} of the variance")
    kept = int(enough[0]) + 1
    components = (span @ vectors[:, order[:kept]].float()).T.contiguous()
    return Basis(mean=centre, components=components, left_out=float(outside[kept - 1]))
