"""Sources: what each imitates, where it ends, and what its name may say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers.utils.torch_utils import randn_tensor
from scipy import stats

from catoptric.errors import InputError
from catoptric.sampling import CATALOGUE, Settings, never_pairs, noise_source, set_size
from catoptric.sampling.noise.cuda import CARDS, cuda, wave
from catoptric.sampling.noise.nv import philox4x32
from catoptric.sampling.noise.quasi import SOBOL_DIMENSIONS

START = "start"


@pytest.mark.parametrize("shape", [(4, 8, 8), (3, 5, 7), (4, 9, 2), (1, 3, 3)])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_batches_are_drawn_as_comfyui_draws_them(shape: tuple[int, ...], size: int) -> None:
    torch.manual_seed(11)
    theirs = torch.randn((size, *shape), generator=None, dtype=torch.float32).numpy()
    for k in range(size):
        ours = noise_source(f"comfyui-batch:{size}:{k}")(11, START, shape)
        assert np.array_equal(ours, theirs[k])
        # Without an index the seed holds both: consecutive seeds fill batches.
        assert np.array_equal(
            noise_source(f"comfyui-batch:{size}")(11 * size + k, START, shape), ours
        )
    generator = torch.manual_seed(11)
    again = [torch.randn((1, *shape), generator=generator) for _ in range(size)]
    for k in range(size):
        replayed = noise_source(f"comfyui-replay:{k}")(11, START, shape)
        assert np.array_equal(replayed, again[k][0].numpy())


def test_batches_are_drawn_as_diffusers_draws_them() -> None:
    shape = (4, 6, 5)
    one = randn_tensor((3, *shape), generator=torch.Generator().manual_seed(5)).numpy()
    each = [torch.Generator().manual_seed(s) for s in (5, 6, 7)]
    several = randn_tensor((3, *shape), generator=each).numpy()
    for k in range(3):
        assert np.array_equal(noise_source(f"diffusers-batch:3:{k}")(5, START, shape), one[k])
        assert np.array_equal(noise_source("diffusers")(5 + k, START, shape), several[k])
        assert np.array_equal(noise_source("a1111-cpu")(5 + k, START, shape), several[k])


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_draws_round_the_replay(half: torch.dtype) -> None:
    theirs = randn_tensor((4, 64, 64), torch.Generator().manual_seed(7), dtype=half)
    ours = torch.from_numpy(noise_source("diffusers")(7, "start", (4, 64, 64)))
    assert not torch.equal(theirs.float(), ours)
    assert torch.equal(theirs, ours.to(half))


def test_numpy_legacy_is_what_np_random_seed_gives() -> None:
    np.random.seed(7)  # noqa: NPY002
    theirs = np.random.randn(4, 8, 8)  # noqa: NPY002
    assert np.array_equal(noise_source("numpy-legacy")(7, START, (4, 8, 8)), theirs.astype("f4"))


def kernel(count: int, processors: int, threads: int, seed: int) -> list[tuple[int, int, int]]:
    """(thread, call, component) of each element, by walking the kernel's own loops."""
    blocks = min(processors * (threads // 256), -(-count // 256))
    started = 256 * blocks
    rounded = ((count - 1) // (started * 4) + 1) * started * 4
    found = [(-1, -1, -1)] * count
    for thread in range(started):
        for call, linear in enumerate(range(thread, rounded, started * 4)):
            for component in range(4):
                element = linear + started * component
                if element < count:
                    found[element] = thread, call, component
    return found


@pytest.mark.parametrize("count", [100, 256, 512, 513, 1025, 2048, 2049, 5000])
def test_cuda_layout_follows_the_kernels_loops(count: int) -> None:
    processors, threads, seed = 1, 600, 2**40 + 3  # 600 threads hold two blocks of 256
    drawn = cuda(processors, threads)(seed, START, (count,))
    for element, (thread, call, component) in enumerate(kernel(count, processors, threads, seed)):
        counter = tuple(np.array([v], dtype=np.uint64) for v in (call, 0, thread, 0))
        words = [float(w[0]) for w in philox4x32(counter, seed)]  # type: ignore[arg-type]
        u, v = words[component // 2 * 2 : component // 2 * 2 + 2]
        radius = np.sqrt(-2 * np.log((u + 0.5) * 2.0**-32))
        angle = (v + 0.5) * 2.0**-32 * 2 * np.pi
        expected = radius * (np.sin(angle) if component % 2 == 0 else np.cos(angle))
        assert drawn[element] == pytest.approx(expected, abs=3e-6)


def test_cards_agree_up_to_the_smaller_wave_and_no_further() -> None:
    # Measured by others (pytorch #194676): T4 and L4 agree at 40,960 values and not at 40,961.
    assert wave(*CARDS["t4"]) == 40_960
    t4, l4 = noise_source("a1111-gpu:t4"), noise_source("a1111-gpu:l4")
    assert np.array_equal(t4(3, START, (40_960,)), l4(3, START, (40_960,)))
    more = t4(3, START, (40_961,)) == l4(3, START, (40_961,))
    assert more[:40_960].all()
    assert not more[40_960]
    beyond = t4(3, START, (100_000,)) == l4(3, START, (100_000,))
    assert beyond[40_960:].mean() < 0.01


def test_one_wave_is_a1111s_nv_noise() -> None:
    card = noise_source("a1111-gpu:rtx-4090")(9, START, (4, 64, 64))
    np.testing.assert_allclose(card, noise_source("a1111-nv")(9, START, (4, 64, 64)), atol=3e-6)


def test_a_card_batch_holds_its_pictures() -> None:
    whole = cuda(1, 512, 1)(4, START, (6, 500)).reshape(6, 500)
    for k in range(6):
        assert np.array_equal(
            noise_source(f"diffusers-gpu:1x512:6:{k}")(4, START, (500,)), whole[k]
        )


@pytest.mark.parametrize("name", ["sobol", "latin", "richtmyer"])
def test_quasi_sets_are_even_within_and_independent_between(name: str) -> None:
    source, points, shape = noise_source(f"{name}:64"), 64, (500,)
    one = np.stack([source(s, START, shape) for s in range(points)])
    # The mean of 64 independent normals is beyond 0.084 half of the time; a set is balanced. Not
    # every column of richtmyer is: some roots lie next to a whole number.
    assert np.median(np.abs(one.mean(0))) < (0.05 if name == "richtmyer" else 0.02)
    assert float(one.std()) == pytest.approx(1.0, abs=0.03)
    if name != "richtmyer":  # each of 64 equal slices of the normal holds one picture
        slices = np.floor(stats.norm.cdf(one.astype(np.float64)) * points).astype(int)
        assert all(sorted(column) == list(range(points)) for column in slices.T)
    other = np.stack([source(s, START, shape) for s in range(points, 2 * points)])
    assert abs(float(np.corrcoef(one.ravel(), other.ravel())[0, 1])) < 0.03
    assert stats.kstest(source(999, START, (5000,)), "norm").pvalue > 1e-3


def test_set_sizes_are_told() -> None:
    assert [set_size(n) for n in ("sobol", "latin:32", "philox", "file:x")] == [128, 32, 1, 1]


@pytest.mark.parametrize("shape", [(16, 128, 128), (4, 128, 128)])
def test_sobol_says_where_it_ends(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"at most 21,201 dimensions.*take latin"):
        noise_source("sobol")(1, START, shape)
    assert noise_source("sobol:4")(1, START, (SOBOL_DIMENSIONS,)).shape == (SOBOL_DIMENSIONS,)


def test_bad_sources_are_bad_in_the_way_they_say() -> None:
    states = stats.norm.cdf(noise_source("randu")(3, START, (3000,)).astype(np.float64))
    planes = states[2:] - 6 * states[1:-1] + 9 * states[:-2]
    assert np.abs(planes - np.round(planes)).max() < 1e-4
    assert np.abs(noise_source("float16-tails")(3, START, (200_000,))).max() < 3.91
    block = noise_source("repeated-block")(3, START, (4096,)).reshape(4, 1024)
    assert (block == block[0]).all()
    cycle = noise_source("lcg16")(3, START, (2**16 + 5,))
    assert np.array_equal(cycle[:5], cycle[-5:])
    assert len(np.unique(cycle)) == 2**16


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("philx", "did you mean 'philox'"),
        ("sobl:64", "did you mean 'sobol'"),
        ("philox:3", "takes nothing behind its name"),
        ("comfyui-batch", "is written comfyui-batch:SIZE"),
        ("comfyui-batch:0", "batch size .* from 1 to 1024, not '0'"),
        ("comfyui-batch:4:4", "index .* from 0 to 3, not '4'"),
        ("comfyui-batch:4:1:1", "is written comfyui-batch:SIZE"),
        ("comfyui-replay:-1", "index"),
        ("a1111-gpu", "a1111-gpu:CARD, as in a1111-gpu:rtx-4090"),
        ("a1111-gpu:rtx-4091", "did you mean 'rtx-4090'"),
        ("a1111-gpu:0x1024", "takes 1 to 1024 processors"),
        ("sobol:100", "power of two"),
        ("sobol:99999999999999", "number of points"),
        ("entropy", "needs a file: one to record in"),
        ("file", "needs a file"),
        (3, "unknown noise source"),
    ],
)
def test_names_that_say_too_little_or_too_much_are_refused(name: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Settings.from_dict({"sampler": {"solver": "pid"}, "noise": {"source": name}})


def test_seeds_out_of_range_are_refused_by_every_source(tmp_path: object) -> None:
    forms = {"entropy": f"entropy:{tmp_path}/t", "file": f"file:{tmp_path}/t"}
    forms |= {n: f"{n}:2" for n in ("comfyui-batch", "comfyui-replay", "diffusers-batch")}
    forms |= {n: f"{n}:t4" for n in ("a1111-gpu", "diffusers-gpu")}
    for name in CATALOGUE:
        for seed in (-1, 2**64):
            with pytest.raises(InputError, match="seed"):
                noise_source(forms.get(name, name))(seed, START, (2,))
    with pytest.raises(InputError, match=r"2\^32 - 1"):
        noise_source("numpy-legacy")(2**32, START, (2,))


def test_only_recordings_never_pair() -> None:
    assert {n for n in CATALOGUE if never_pairs(n)} == {"entropy", "file"}


def test_recordings_are_not_arranged() -> None:
    with pytest.raises(InputError, match="never paired or arranged"):
        Settings.from_dict(
            {
                "sampler": {"solver": "pid"},
                "noise": {"source": "entropy:tape", "arrange": "opposite"},
            }
        )
