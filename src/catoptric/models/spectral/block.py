"""A block of a network: tokens are mixed, then channels, each a modulated step off the path."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Block(nn.Module):
    """x + g1 mixer(m1(x)), then x + g2 mlp(m2(x)), where m(x) = rms_norm(x) (1 + s) + t.

    s, t and g are linear in the condition; they start at s = t = 0, g = 1.

    Args:
        mixer: called `mixer(x, level, condition, **how)`; x [B, N, N, C] in and out.
        channels: C.
        condition_width: width of the embedding of sigma and text together.
        ratio: hidden channels of the MLP over C.

    Source: Peebles & Xie 2023 (DiT), with RMS norm.
    """

    def __init__(
        self, mixer: nn.Module, channels: int, condition_width: int, *, ratio: int = 3
    ) -> None:
        super().__init__()
        self.mixer = mixer
        self.modulation = nn.Linear(condition_width, 6 * channels)
        self.widen = nn.Linear(channels, ratio * channels)
        self.narrow = nn.Linear(ratio * channels, channels)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, level: Tensor, condition: Tensor, **how: object) -> Tensor:
        """One block.

        Args:
            x: [B, N, N, C], float32.
            level, condition: [B, width] embeddings, as the mixer takes them.
            how: handed to the mixer.
        """
        rows = self.modulation(condition)[:, None, None, :]
        s1, t1, g1, s2, t2, g2 = rows.chunk(6, dim=-1)
        mixed = self.mixer(_normed(x) * (1.0 + s1) + t1, level, condition, **how)
        x = x + (1.0 + g1) * mixed
        hidden = functional.silu(self.widen(_normed(x) * (1.0 + s2) + t2))
        moved: Tensor = x + (1.0 + g2) * self.narrow(hidden)
        return moved


def _normed(x: Tensor) -> Tensor:
    return functional.rms_norm(x, x.shape[-1:])
