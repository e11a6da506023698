"""The mixing layer: everything about everything by FFT, its surroundings by 3x3, a pooled gate."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from catoptric.models.spectral.filters import BANDS, KERNEL_SIDE, FilterShape, basis
from catoptric.models.spectral.mixing import lanes_for, packed, spectral_mix


class SpectralMixer(nn.Module):
    """y = gate (filter(x; gains(sigma)) + depthwise3x3(x)).

    The filter's gains follow sigma only, so that the conditional and the unconditional pass of one
    sample share a transform; the text enters through the gate, 2 sigmoid(A mean(x) + B condition),
    and through whatever modulates x before. It starts as the identity and a little noise.

    Args:
        channels: C, best a multiple of 16.
        level_width: width of the embedding of sigma.
        condition_width: width of the embedding of sigma and text together.

    Source: Rao et al. 2021 (filter); Chu et al. 2025, DiCo (pooled gate); fft.md 1 (the rest).
    """

    def __init__(self, channels: int, level_width: int, condition_width: int) -> None:
        super().__init__()
        self.channels = channels
        self._responses: dict[tuple[int, ...], Tensor] = {}
        # Real numbers only: optimisers, safetensors and mixed precision all trip on complex ones.
        self.filter = nn.Parameter(
            0.02 / KERNEL_SIDE * torch.randn(FilterShape().weights, channels)
        )
        self.local = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.gains = nn.Linear(level_width, BANDS * channels)
        self.pooled = nn.Linear(channels, channels)
        self.gate = nn.Linear(condition_width, channels, bias=False)
        with torch.no_grad():
            self.filter[0] += 1.0  # the kernel's point at 0: response 1 to every low frequency
            self.filter[FilterShape().spatial :] += 1.0
            for module in (self.gains, self.local, self.gate, self.pooled):
                module.weight.mul_(0.1)
                if module.bias is not None:
                    module.bias.zero_()

    def _kept_response(self, n: int) -> Tensor:
        """The response on a grid, remembered once the weights are no longer trained."""
        if self.filter.requires_grad:
            return self.response(n)
        key = (n, self.filter.data_ptr(), self.filter._version, lanes_for(self.channels))
        kept = self._responses.get(key)
        if kept is None:
            kept = self.response(n)
            # A new dictionary, never a changed one: several threads may draw at once.
            same = {k: r for k, r in self._responses.items() if k[1:] == key[1:]}
            self._responses = same | {key: kept}
        return kept

    def response(self, n: int) -> Tensor:
        """The filter on a grid of side n, packed: [C / lanes, n/2 + 1, n, 2, lanes]."""
        # Always in float32, as the mixing is: rounding here would move every token at once.
        with torch.autocast(self.filter.device.type, enabled=False):
            response = basis(n).to(self.filter.device) @ self.filter
        return packed(response, lanes_for(self.channels))

    def forward(
        self,
        x: Tensor,
        level: Tensor,
        condition: Tensor,
        *,
        response: Tensor | None = None,
        paired: bool = False,
    ) -> Tensor:
        """Mix.

        Args:
            x: float32 [B, N, N, C].
            level: [B, level_width] (of B/2 samples where paired), embedding of sigma.
            condition: [B, condition_width].
            response: `response(N)`, where it was made before: it costs as much as the mixing.
            paired: rows i and i + B/2 are two passes of one sample, at one sigma.
        """
        n = x.shape[1]
        # Between 0 and 2: left free they grew to 20, and what was faint drowned in what was loud.
        gains = 1.0 + torch.tanh(self.gains(level).float()).unflatten(-1, (BANDS, self.channels))
        if response is None:
            response = self._kept_response(n)
        far = spectral_mix(x.float(), response, gains, paired=paired)
        near = self.local(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        gate = torch.sigmoid(self.pooled(x.mean((1, 2))) + self.gate(condition))
        mixed: Tensor = 2.0 * gate[:, None, None, :] * (far + near)
        return mixed
