"""Starting is quick because nothing is imported before it is needed."""

import json
import resource
import subprocess
import sys

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


HELPS = """
import contextlib, io, json, sys
import click
before = set(sys.modules)
from nepkit.cli.command import ROOT, leaves, load_all
from nepkit.cli.main import main
load_all()
found = {}
for leaf in leaves(ROOT):
    with contextlib.redirect_stdout(io.StringIO()):
        main([*leaf.path.split(), "--help"])
    names = {name.partition(".")[0] for name in set(sys.modules) - before}
    found[leaf.path] = sorted(names - set(sys.stdlib_module_names) - {"nepkit", "click"})
print(json.dumps(found))
"""


def test_every_command_has_help_without_heavy_imports():
    done = subprocess.run([sys.executable, "-c", HELPS], capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)
    assert len(found) > 50
    assert {path: names for path, names in found.items() if names} == {}


def test_help_takes_at_most_twice_as_long_as_importing_click():
    def best(*words: str) -> float:
        times = []
        for _ in range(9):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *words], capture_output=True, check=True, stdin=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)  # processor time: other work does not count
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(times)

    assert best("-m", "nepkit", "--help") <= 2.0 * best("-c", "import click")
