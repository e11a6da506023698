"""Balanced low frequencies: the members of a group share out what one picture takes by chance.

The lowest frequencies decide most of a picture. Their coordinates (the mean and the first band of
each colour channel) are drawn jointly for a group of m pictures, evenly spread, everything else
independently; each member alone is standard normal noise, and the group is the independent unit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import qmc

from catoptric.sampling.noise.keys import key

Floats = npt.NDArray[np.float64]

# Cycles per picture below which a frequency counts as low: the mean and eight waves a channel.
LOW = 2.0
# A uniform number of exactly 0 would become an infinite coordinate.
_SMALLEST = 2.0**-53


@cache
def low_waves(height: int, width: int) -> Floats:
    """Orthonormal waves of under two cycles per picture: float64 [waves, H W]; 9 of them."""
    y, x = np.mgrid[:height, :width] / np.array([height, width])[:, None, None]
    waves = [np.ones((height, width))]
    for rows in range(2):
        for columns in range(-1, 2):
            is_half = rows > 0 or columns > 0  # the other half of the plane is its mirror image
            if is_half and np.hypot(rows, columns) < LOW:
                angle = 2 * np.pi * (rows * y + columns * x)
                waves += [np.sqrt(2) * np.cos(angle), np.sqrt(2) * np.sin(angle)]
    return np.asarray(np.stack(waves).reshape(len(waves), -1) / np.sqrt(height * width))


def stratified_points(group: int, purpose: str, members: int, dimensions: int) -> Floats:
    """A Latin hypercube: in every coordinate each of `members` equal strata holds one point.

        u_jd = (pi_d(j) + v_jd) / m,   pi_d a random permutation, v uniform

    Args:
        group: key of the group.
        purpose: what the noise is for.
        members: points of the group, m.
        dimensions: coordinates of each.

    Returns:
        float64 [m, dimensions] in (0, 1).

    Source: McKay, Beckman and Conover 1979.
    """
    number = key(group, f"{purpose}:stratified:{members}", 128)
    generator = np.random.Generator(np.random.Philox(key=number))
    strata = np.stack([generator.permutation(members) for _ in range(dimensions)], axis=1)
    return np.asarray((strata + generator.random((members, dimensions))) / members)


def quasi_points(group: int, purpose: str, members: int, dimensions: int) -> Floats:
    """A scrambled Sobol set: as `stratified_points`, and balanced in pairs of coordinates too.

    Source: Owen, Randomly permuted (t,m,s)-nets and (t,s)-sequences, 1995; scipy.stats.qmc.
    """
    # A number, for scipy spawns its own generators and cannot from one that has only a key.
    number = key(group, f"{purpose}:quasi:{members}", 128)
    return np.asarray(qmc.Sobol(dimensions, scramble=True, rng=number).random(members))


BALANCED = {"stratified": stratified_points, "quasi": quasi_points}


def with_balanced_low(
    noise: npt.NDArray[np.float32], kind: str, group: int, purpose: str, member: int, members: int
) -> npt.NDArray[np.float32]:
    """Noise whose low frequencies are those of one member of a balanced group.

    Args:
        noise: float32 [C, H, W], the member's own independent noise.
        kind: "stratified" or "quasi".
        group: key of the group.
        purpose: what the noise is for.
        member: which, 0 .. members - 1.
        members: size of the group.

    Returns:
        float32 [C, H, W].
    """
    channels, height, width = noise.shape
    waves = low_waves(height, width)
    points = BALANCED[kind](group, purpose, members, channels * len(waves))[member]
    wanted = ndtri(np.clip(points, _SMALLEST, 1 - _SMALLEST)).reshape(channels, len(waves))
    flat = noise.reshape(channels, -1).astype(np.float64)
    flat = flat + (wanted - flat @ waves.T) @ waves
    return np.asarray(flat.reshape(noise.shape), dtype=np.float32)
