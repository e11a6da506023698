"""Replayed noise against the real thing: torch and diffusers themselves, A1111's printed vector.

Each interface's own code is written out here as its source has it, and run on torch itself; a row
is held when every value of every picture of every batch is the same bit for bit. CUDA layouts have
no card here: they are held to a walk through the kernel's loops and to two published facts.

Run: python benchmarks/noise_imitation.py
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor

from catoptric.sampling import noise_source
from catoptric.sampling.noise.cuda import CARDS, cuda, wave
from catoptric.sampling.noise.nv import philox4x32
from tables import printed

START = "start"
SHAPES = (
    (4, 64, 64),
    (4, 128, 128),
    (16, 128, 128),
    (3, 64, 64),
    (4, 96, 64),
    (4, 63, 65),
    (1, 3, 5),
    (4, 7, 9),
    (2, 2, 2),
    (4, 1, 1),
)
BATCHES = (1, 2, 3, 8)
SEEDS = (0, 42, 2**32 - 1)
PRINTED = """-0.92466259 -0.42534415 -2.6438457 0.14518388 -0.12086647 -0.57972564
-0.62285122 -0.32838709 -1.07454231 -0.36314407 -1.67105067 2.26550497"""


def comfyui(seed: int, shape: tuple[int, ...], inds: list[int] | None) -> np.ndarray:
    """comfy/sample.py, prepare_noise: a batch at once, or replayed one by one for `inds`."""
    generator = torch.manual_seed(seed)
    if inds is None:
        return torch.randn(shape, dtype=torch.float32, generator=generator, device="cpu").numpy()
    unique, inverse = np.unique(inds, return_inverse=True)
    noises = []
    for i in range(unique[-1] + 1):
        noise = torch.randn([1, *shape[1:]], dtype=torch.float32, generator=generator)
        if i in unique:
            noises.append(noise)
    return torch.cat([noises[i] for i in inverse]).numpy()


def diffusers_one(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return randn_tensor(shape, generator=torch.Generator("cpu").manual_seed(seed)).numpy()


def diffusers_list(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    several = [torch.Generator("cpu").manual_seed(seed + i) for i in range(shape[0])]
    return randn_tensor(shape, generator=several).numpy()


def a1111_cpu(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """modules/rng.py, ImageRNG.first with randn_source CPU: a generator for each picture."""
    drawn = []
    for i in range(shape[0]):
        torch.manual_seed(seed + i)
        drawn.append(torch.randn(shape[1:], device="cpu"))
    return torch.stack(drawn).numpy()


def rows() -> list[tuple[str, object, object]]:
    """(what, the interface's batch, our picture k of it)."""
    return [
        (
            "ComfyUI, batch at once",
            lambda s, shape: comfyui(s, shape, None),
            lambda s, n, k: (f"comfyui-batch:{n}:{k}", s),
        ),
        (
            "ComfyUI, the same by seed",
            lambda s, shape: comfyui(s, shape, None),
            lambda s, n, k: (f"comfyui-batch:{n}", s * n + k),
        ),
        (
            "ComfyUI, replayed (noise_inds)",
            lambda s, shape: comfyui(s, shape, list(range(shape[0]))),
            lambda s, n, k: (f"comfyui-replay:{k}", s),
        ),
        (
            "diffusers, one generator",
            diffusers_one,
            lambda s, n, k: (f"diffusers-batch:{n}:{k}", s),
        ),
        ("diffusers, a list of them", diffusers_list, lambda s, n, k: ("diffusers", s + k)),
        ("A1111, CPU", a1111_cpu, lambda s, n, k: ("a1111-cpu", s + k)),
    ]


def same(theirs: np.ndarray, ours: list[tuple[str, int]]) -> int:
    drawn = [noise_source(name)(seed, START, theirs.shape[1:]) for name, seed in ours]
    return sum(np.array_equal(a, b) for a, b in zip(theirs, drawn, strict=True))


def walked(count: int, processors: int, threads: int, seed: int) -> np.ndarray:
    """The kernel's loops, thread by thread (pytorch, DistributionTemplates.h): float64 [count]."""
    blocks = min(processors * (threads // 256), -(-count // 256))
    started = 256 * blocks
    found = np.full(count, np.nan)
    thread = np.arange(started, dtype=np.uint64)
    zero = np.zeros_like(thread)
    for call in range((count - 1) // (started * 4) + 1):
        words = philox4x32((zero + np.uint64(call), zero, thread, zero), seed)
        for component in range(4):
            u, v = words[component // 2 * 2], words[component // 2 * 2 + 1]
            angle = (v + 0.5) * (2.0**-32 * 2 * np.pi)
            side = np.sin(angle) if component % 2 == 0 else np.cos(angle)
            value = np.sqrt(-2 * np.log((u + 0.5) * 2.0**-32)) * side
            element = thread.astype(np.int64) + started * (4 * call + component)
            inside = element < count
            found[element[inside]] = value[inside]
    return found


def nv_as_stored(count: int) -> np.ndarray:
    """modules/rng_philox.py as a stored copy has it: 2 pi 2^-32 rounded to float32 first."""
    zero = np.zeros(count, dtype=np.uint64)
    words = philox4x32((zero, zero, np.arange(count, dtype=np.uint64), zero), 0)
    unit = np.array([2.3283064e-10], dtype=np.float32)
    turn = np.array([2.3283064e-10 * 6.2831855], dtype=np.float32)
    u = words[0].astype(np.uint32) * unit + unit / 2
    v = words[1].astype(np.uint32) * turn + turn / 2
    return (np.sqrt(-2.0 * np.log(u)) * np.sin(v)).astype(np.float32)


def main() -> None:
    torch.set_num_threads(1)
    held = True
    with printed(__file__) as say:
        say(f"Shapes {', '.join('x'.join(map(str, s)) for s in SHAPES)};")
        say(f"batches of {', '.join(map(str, BATCHES))}; seeds {', '.join(map(str, SEEDS))}.")
        say("Pictures that are the interface's own, bit for bit:\n")
        for what, theirs, ours in rows():
            right = total = 0
            for shape in SHAPES:
                for n in BATCHES:
                    for seed in SEEDS:
                        batch = theirs(seed, (n, *shape))  # type: ignore[operator]
                        right += same(batch, [ours(seed, n, k) for k in range(n)])  # type: ignore[operator]
                        total += n
            held &= right == total
            say(f"  {what:34s} {right:,} of {total:,}  {'held' if right == total else 'MISSED'}")
        say("\nWhy the layout has a name (4x7x9 = 252 values, no multiple of 16, batch of 3):")
        at_once = comfyui(5, (3, 4, 7, 9), None)
        replayed = comfyui(5, (3, 4, 7, 9), [0, 1, 2])
        differ = sum(not np.array_equal(a, b) for a, b in zip(at_once, replayed, strict=True))
        say(f"  replayed pictures that differ from those drawn at once: {differ} of 3")

        say("\nA1111, NV:")
        vector = np.array([float(v) for v in PRINTED.split()])
        found = noise_source("a1111-nv")(0, START, (3, 4)).ravel()
        off = np.abs(found.astype(np.float64) - vector)
        # Each value must be the float32 nearest to a number that prints as shown, to 8 decimals.
        exact = off <= np.spacing(np.abs(found)) / 2 + 5e-9
        held &= bool(exact.all())
        say(f"  printed vector: {exact.sum()} of 12 values are its own, rounded to float32")
        stored = nv_as_stored(16384)
        plain = noise_source("a1111-nv")(0, START, (16384,))
        say("  A stored copy of its file rounds 2 pi 2^-32 to float32, and so misses the printed")
        miss, alike = np.abs(stored[:12] - vector).max(), (stored == plain).mean()
        say(f"  vector by {miss:.1e}. We follow the vector. Of 16,384 values {alike:.1%} are the")
        say(f"  same either way; the largest difference is {np.abs(stored - plain).max():.1e}.")

        say("\nCUDA layouts. UNCHECKED on a card: none was at hand. What was checked instead:")
        worst = 0.0
        for processors, threads in ((1, 512), (3, 1024), (2, 1536)):
            for count in (255, 256, 1000, 5000, 40_000):
                drawn = cuda(processors, threads)(7, START, (count,))
                worst = max(
                    worst, float(np.abs(drawn - walked(count, processors, threads, 7)).max())
                )
        held &= worst < 3e-6
        say(
            f"  against a walk through the kernel's loops, 15 cases: largest difference {worst:.1e}"
        )
        t4, l4 = (noise_source(f"a1111-gpu:{name}") for name in ("t4", "l4"))
        edge = [np.array_equal(t4(0, START, (n,)), l4(0, START, (n,))) for n in (40_960, 40_961)]
        held &= edge == [True, False]
        say("  published (pytorch #194676): T4 and L4 agree at 40,960 values and not at 40,961:")
        say(f"  {'so here' if edge == [True, False] else 'not so here'}")
        limits = {"4090d": (114, 1536), "h20": (78, 2048)}
        edges = {name: wave(*card) for name, card in limits.items()}
        held &= edges == {"4090d": 175_104, "h20": 159_744}
        say(f"  published: waves of two more cards (pytorch #176584): {edges}")
        nv = noise_source("a1111-nv")(0, START, (4, 64, 64))
        card = noise_source("a1111-gpu:rtx-4090")(0, START, (4, 64, 64))
        say(
            f"  below one wave against a1111-nv, 16,384 values: largest difference "
            f"{np.abs(nv - card).max():.1e}, equal bits {(nv == card).mean():.1%}"
        )
        say("  (the card's float32 sine is approximated, so last bits will differ from both)")
        sizes = {"SD 512px": 16_384, "SDXL 1024px": 65_536, "16 channels 1024px": 262_144}
        for name, size in sizes.items():
            alike = [c for c, layout in CARDS.items() if wave(*layout) >= size]
            say(f"  {name}: {len(alike)} of {len(CARDS)} listed cards draw one wave and agree")
        say("\nBar: every replay equals the real thing on ten shapes, batches included; the NV")
        say(f"vector; layouts as walked: {'held' if held else 'MISSED'}")
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
