"""The compiled parts. Without a compiler nepkit installs all the same, and its Python ways give the same results."""

import platform
from glob import glob

from setuptools import Extension, setup

WIDTHS = {"": [], "_avx2": ["-mavx2", "-mfma"]}
WIDTHS["_avx512"] = [*WIDTHS["_avx2"], "-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw"]
"""The kernel for one width of vectors each; which one runs is decided by the processor it runs on."""


def part(name: str, options: list[str]) -> Extension:
    return Extension(
        name,
        [name.replace(".", "/") + ".cpp"],
        depends=sorted(glob("lr_correction/kernel/*.hpp")) if name.startswith("lr_correction") else [],
        language="c++",
        extra_compile_args=["-std=c++17", "-O3", "-fno-math-errno", *options],
        optional=True,
    )


x86 = platform.machine().lower() in ("x86_64", "amd64")
setup(
    ext_modules=[
        part("nepkit.formats._rows", []),
        *(
            part(f"lr_correction._kernel{width}", ["-ffp-contract=fast", *options])
            for width, options in WIDTHS.items()
            if x86 or not options
        ),
    ]
)
