"""The compiled parts. Without a compiler nepkit installs all the same, and its Python ways give the same results."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            name,
            [name.replace(".", "/") + ".cpp"],
            language="c++",
            extra_compile_args=["-std=c++17", "-O3", "-fno-math-errno"],
            optional=True,
        )
        for name in ("nepkit.formats._rows", "nepkit.sampling._sums")
    ]
)
