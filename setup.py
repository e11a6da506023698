"""Builds the spectral kernel: plain C, once per instruction set, loaded through ctypes.

Optional: where it cannot be built the package works without it, on the reference path.
"""

from __future__ import annotations

import platform
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

# Name, channels in a vector, flags. The names are those of models/spectral/native.py.
VARIANTS = [("baseline", 4, [])]
if platform.machine().lower() in ("x86_64", "amd64"):
    VARIANTS += [("avx2", 8, ["-march=x86-64-v3"]), ("avx512", 16, ["-march=x86-64-v4"])]


class BuildKernel(build_ext):
    """One object per instruction set, linked into one library without Python's symbols."""

    def build_extension(self, extension: Extension) -> None:
        objects = []
        for name, lanes, flags in VARIANTS:
            try:
                objects += self.compiler.compile(
                    extension.sources,
                    output_dir=str(Path(self.build_temp) / name),
                    macros=[("VARIANT", name), ("LANES", str(lanes))],
                    extra_postargs=["-O3", "-Wno-psabi", *flags],
                )
            except CompileError:
                if name == "baseline":
                    raise
                # A compiler that is too old for it: the others still serve.
        self.compiler.link_shared_object(
            objects, self.get_ext_fullpath(extension.name), libraries=["m"]
        )

    def get_export_symbols(self, extension: Extension) -> list[str]:
        return []


setup(
    ext_modules=[
        Extension(
            "catoptric.models.spectral._kernel",
            ["src/catoptric/models/spectral/kernel.c"],
            optional=True,
        )
    ],
    cmdclass={"build_ext": BuildKernel},
)
