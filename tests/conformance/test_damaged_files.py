"""Two thousand damaged files over every reader: frames or one line, never a traceback, a hang or silently nothing.

``benchmarks/fuzz.py`` does the same for as many as one likes.
"""

import numpy as np
import pytest

from tests import damage

SAMPLES = damage.samples()
CASES = 2000
EACH = -(-CASES // len(SAMPLES))


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_files_end_in_frames_or_in_one_line(name, tmp_path):
    format, whole = SAMPLES[name]
    path = tmp_path / "input"
    with damage.silence():
        path.write_bytes(whole)
        told = {"frames": 0, "told": 0}
        for case in range(EACH):
            kind = damage.KINDS[case % len(damage.KINDS)]
            path.write_bytes(damage.damaged(whole, np.random.default_rng([7, case]), kind))
            told[damage.outcome(path, format)] += 1
    assert told["told"], "no damage was seen, so this test sees none"


def test_the_samples_are_of_every_format_that_is_read():
    from nepkit.formats.catalogue import formats

    without = {"deepmd", "gpaw-gpw", "vasp-outcar", "vasp-xml"}  # folders; real files of other tests
    assert {format for format, _ in SAMPLES.values()} == {
        name for name, made in formats().items() if made.read
    } - without


@pytest.mark.parametrize("name", [name for name in SAMPLES if "unconverged" not in name])
def test_the_samples_are_sound(name, tmp_path):
    format, whole = SAMPLES[name]
    (tmp_path / "input").write_bytes(whole)
    if name not in ("h2.log.gz", "cellopt.log.gz", "nve.log.gz"):  # their positions are in a file beside them
        assert damage.outcome(tmp_path / "input", format) == "frames"
