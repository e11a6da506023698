"""The operation by its two paths, its derivatives, and what makes it safe in an audit."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from catoptric.errors import InputError
from catoptric.models.spectral import BANDS, mixed_by_reference, mixing, native, packed
from catoptric.models.spectral.filters import basis
from catoptric.models.spectral.mixing import spectral_mix
from catoptric.models.spectral.native import LANES, Kernel

CHANNELS = 32
needs_kernel = pytest.mark.skipif(native.kernel() is None, reason="the kernel was not built")


def variants() -> list[Kernel]:
    library = native._library()
    if library is None:
        return []
    capability = torch.backends.cpu.get_cpu_capability()
    names = (*native.PREFERRED.get(capability, ()), "baseline")
    return [native._functions(library, n) for n in names if hasattr(library, f"mix_single_{n}")]


def case(n: int, pictures: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(pictures, n, n, CHANNELS, generator=made)
    weights = torch.randn(basis(n).shape[-1], CHANNELS, generator=made)
    gains = 1.0 + 0.3 * torch.randn(pictures, BANDS, CHANNELS, generator=made)
    return x, basis(n) @ weights, gains


def close(found: torch.Tensor, truth: torch.Tensor, bar: float = 3e-6) -> bool:
    return float((found - truth).abs().max() / truth.abs().max()) < bar


@pytest.fixture(params=variants(), ids=lambda kernel: kernel.name)
def variant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    monkeypatch.setattr(mixing, "kernel", lambda: request.param)
    return request.param


@pytest.mark.parametrize("n", native.SIZES)
@pytest.mark.parametrize("paired", [False, True])
def test_the_kernel_does_what_the_reference_does(variant: Kernel, n: int, paired: bool) -> None:
    x, filter, gains = case(n, 4)
    gains = gains[:2] if paired else gains
    slabs = packed(filter, variant.lanes)
    found = spectral_mix(x, slabs, gains, paired=paired)
    assert close(found, mixed_by_reference(x, slabs, gains, paired=paired))


@pytest.mark.parametrize("paired", [False, True])
def test_gradients_are_the_references(variant: Kernel, paired: bool) -> None:
    x, filter, gains = case(16, 4)
    gains = gains[:2] if paired else gains
    leaves = [t.requires_grad_() for t in (x, packed(filter, variant.lanes), gains)]
    dy = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    found = torch.autograd.grad(spectral_mix(*leaves, paired=paired), leaves, dy)
    truth = torch.autograd.grad(mixed_by_reference(*leaves, paired=paired), leaves, dy)
    for ours, theirs in zip(found, truth, strict=True):
        assert close(ours, theirs, 1e-5)


@needs_kernel
def test_the_forward_derivative_is_the_references() -> None:
    lanes = native.kernel().lanes  # type: ignore[union-attr]
    points, tangents = ([x, packed(f, lanes), g] for x, f, g in (case(8, 2), case(8, 2, seed=1)))
    found = torch.func.jvp(spectral_mix, tuple(points), tuple(tangents))
    truth = torch.func.jvp(mixed_by_reference, tuple(points), tuple(tangents))
    assert close(found[0], truth[0])
    assert close(found[1], truth[1])


@needs_kernel
def test_a_picture_does_not_depend_on_its_company_or_on_threads() -> None:
    x, filter, gains = case(32, 12)
    slabs = packed(filter, native.kernel().lanes)  # type: ignore[union-attr]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = torch.cat([spectral_mix(x[i : i + 1], slabs, gains[i : i + 1]) for i in range(12)])
        torch.set_num_threads(2)
        together = spectral_mix(x, slabs, gains)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(alone, together)


@needs_kernel
def test_inference_takes_the_short_way_to_the_same_picture() -> None:
    x, filter, gains = case(16, 2)
    slabs = packed(filter, native.kernel().lanes)  # type: ignore[union-attr]
    with torch.inference_mode():
        short = spectral_mix(x, slabs, gains)
    assert torch.equal(short, spectral_mix(x, slabs, gains))


def test_operations_are_whole_for_the_compiler() -> None:
    x, filter, gains = case(8, 2)
    slabs = packed(filter, mixing.lanes_for(CHANNELS))
    checks = ("test_schema", "test_faketensor")
    torch.library.opcheck(
        torch.ops.catoptric.spectral_mix, (x, slabs, gains, False), test_utils=checks
    )
    torch.library.opcheck(
        torch.ops.catoptric.spectral_correlate, (x, x, slabs, gains), test_utils=checks
    )


def test_shapes_that_do_not_fit_are_refused() -> None:
    x, filter, gains = case(8, 3)
    slabs = packed(filter, CHANNELS)
    with pytest.raises(ValueError, match="3 pictures, paired True"):
        spectral_mix(x, slabs, gains, paired=True)
    with pytest.raises(ValueError, match="a filter"):
        spectral_mix(x[:, :, :4], slabs, gains)


def test_dtypes_that_differ_are_refused() -> None:
    x, filter, gains = case(8, 2)
    with pytest.raises(ValueError, match="bfloat16"):
        spectral_mix(x, packed(filter, CHANNELS), gains.bfloat16())


def test_sizes_without_a_kernel_take_the_reference() -> None:
    x, filter, gains = case(24, 1)
    slabs = packed(filter, mixing.lanes_for(CHANNELS))
    assert torch.equal(
        spectral_mix(x, slabs, gains), mixed_by_reference(x, slabs, gains).contiguous()
    )


@pytest.mark.parametrize("choice", ["torch", *LANES])
def test_a_variant_is_forced_by_the_environment(choice: str) -> None:
    code = (
        "from catoptric.models.spectral.native import kernel\n"
        "k = kernel(); print(None if k is None else k.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"CATOPTRIC_KERNEL": choice, "PATH": ""},
        capture_output=True,
        text=True,
    )
    able = ["torch", *(kernel.name for kernel in variants())]
    if choice in able:
        assert done.stdout.strip() == ("None" if choice == "torch" else choice)
    else:
        assert "InputError" in done.stderr


def test_without_a_kernel_it_works_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(native.FORCE, raising=False)
    monkeypatch.setattr(native, "_library", lambda: None)
    assert native.kernel.__wrapped__() is None
    assert "slower" in caplog.text
    monkeypatch.setenv(native.FORCE, "avx2")
    with pytest.raises(InputError, match="not built"):
        native.kernel.__wrapped__()
