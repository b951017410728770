"""Starting is quick because nothing is imported before it is needed."""

import json
import subprocess
import sys
import time

import pytest

PROBE = """
import json, sys
try:
    import click
    before = set(sys.modules)
    sys.argv = ["nepkit", *sys.argv[1:]]
    from nepkit.cli.main import main
    main()
finally:
    names = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(json.dumps(sorted(names)), file=sys.stderr)
"""


def imported(*words: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stderr.strip().splitlines()[-1]))


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--version"], ["completion", "--help"], ["doctor", "-h"]])
def test_help_imports_only_click_and_the_standard_library(words):
    assert {name for name in imported(*words) if name not in sys.stdlib_module_names} <= {"nepkit", "click"}


def test_every_command_has_help_without_heavy_imports():
    from nepkit.cli.command import ROOT, leaves, load_all

    load_all()
    for leaf in leaves(ROOT):
        heavy = {name for name in imported(*leaf.path.split(), "--help") if name not in sys.stdlib_module_names}
        assert heavy <= {"nepkit", "click"}, leaf.path


def test_help_takes_at_most_twice_as_long_as_importing_click():
    def best(*words: str) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            subprocess.run([sys.executable, *words], capture_output=True, check=True, stdin=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
        return min(times)

    assert best("-m", "nepkit", "--help") <= 2.0 * best("-c", "import click")
