"""What the FFT mixer is measured against: attention and convolution in the same block."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD = 64


class AttentionMixer(nn.Module):
    """Multi-head attention over all tokens; torch's fused kernel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inward = nn.Linear(channels, 3 * channels)
        self.outward = nn.Linear(channels, channels)

    def forward(self, x: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        tokens = self.inward(x.flatten(1, 2)).unflatten(-1, (3, -1, HEAD))
        query, key, value = tokens.permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(query, key, value)
        return self.outward(found.transpose(1, 2).flatten(2)).view(x.shape)


class ConvolutionMixer(nn.Module):
    """Depthwise 7x7 with the pooled gate that the FFT mixer has."""

    def __init__(self, channels: int, condition_width: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.pooled = nn.Linear(channels, channels)
        self.gate = nn.Linear(condition_width, channels, bias=False)

    def forward(self, x: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        mixed = self.around(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        gate = torch.sigmoid(self.pooled(x.mean((1, 2))) + self.gate(condition))
        return 2.0 * gate[:, None, None, :] * mixed
