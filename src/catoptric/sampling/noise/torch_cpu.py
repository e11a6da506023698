"""The start noise that ComfyUI, diffusers and A1111 draw on the CPU: torch's MT19937."""

import numpy as np
import numpy.typing as npt
import torch

from catoptric.sampling.noise.keys import START, NoiseSource, typed


def torch_cpu(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise as `torch.randn` draws one picture from a fresh CPU generator.

    The start noise is that of `manual_seed(seed)`; any other purpose is drawn from
    `manual_seed(hash(seed, purpose))`, since the interfaces' later draws hang on stream state.

    Args:
        seed: 0 .. 2^64 - 1.
        purpose: what the noise is for.
        shape: of one picture.

    Returns:
        float32 array of that shape.

    Raises:
        InputError: for a seed out of range.

    Source: ComfyUI, comfy/sample.py prepare_noise; diffusers, randn_tensor with one CPU generator
        per picture; A1111, modules/rng.py with randn_source CPU.
    """
    return _draw(_generator(typed(seed, purpose)), shape)


def torch_cpu_batch(size: int, index: int | None) -> NoiseSource:
    """Picture k of a batch of `size` that was drawn in one call from one generator.

    torch.randn(size, *shape)[k]: k and the seed of the batch are `index` and the seed given; or,
    without an index, seed mod size and seed div size, so that consecutive seeds fill batches whose
    own seeds are consecutive. Any other purpose is drawn as for a single picture.

    Args:
        size: pictures in the batch.
        index: which of them; None = the seed says.

    Returns:
        The source.

    Source: ComfyUI, prepare_noise without noise_inds; diffusers, randn_tensor with one generator.
    """

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if purpose != START:
            return torch_cpu(seed, purpose, shape)
        number, k = place_in_batch(typed(seed, purpose), size, index)
        # A batch cannot be entered in its middle: torch fills all its uniforms first, and draws
        # the last sixteen anew where the whole is no multiple of sixteen.
        whole = _draw(_generator(number), (size, *shape))
        return np.asarray(whole[k])

    return draw


def torch_cpu_replay(index: int) -> NoiseSource:
    """Picture `index` of a batch as ComfyUI draws it again: one by one, those before thrown away.

    Equal to the batch drawn at once where a picture's values are a multiple of sixteen.

    Args:
        index: which picture, from 0.

    Returns:
        The source.

    Source: ComfyUI, comfy/sample.py prepare_noise with noise_inds.
    """

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if purpose != START:
            return torch_cpu(seed, purpose, shape)
        generator = _generator(typed(seed, purpose))
        for _ in range(index):
            _draw(generator, shape)
        return _draw(generator, shape)

    return draw


def place_in_batch(seed: int, size: int, index: int | None) -> tuple[int, int]:
    """Seed of the batch and place in it; without an index, the seed holds both."""
    return (seed // size, seed % size) if index is None else (seed, index)


def _generator(number: int) -> torch.Generator:
    generator = torch.Generator("cpu")
    # manual_seed reads its argument as signed and keeps the low 32 bits for the CPU generator.
    generator.manual_seed(number if number < 2**63 else number - 2**64)
    return generator


def _draw(generator: torch.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    drawn: npt.NDArray[np.float32] = torch.randn(
        shape, generator=generator, dtype=torch.float32
    ).numpy()
    return drawn
