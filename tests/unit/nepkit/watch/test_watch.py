"""Folders that grow as a running job makes them grow, looked at at chosen times."""

import io
import json
import os
import sys

import numpy as np
import pexpect
import pytest
from rich.console import Console

from nepkit.core.errors import InputError
from nepkit.watch.pace import Pace
from nepkit.watch.screen import rows_of, screen, share
from nepkit.watch.simulation import SimulationWatcher
from nepkit.watch.tail import Tail
from nepkit.watch.training import TrainingWatcher

RUN = """potential nep.txt
velocity 300
ensemble nvt_bdp 300 300 100
dump_thermo 10
run 1000
ensemble nve
dump_thermo 20
run 2000
"""
START = 1_700_000_000.0


def thermo_row(temperature=300.0, potential=-400.0):
    return f"{temperature} 3.8 {potential:.8f} 0.1 0.2 0.3 0 0 0 10 0 0 0 10 0 0 0 10\n"


def append(path, text, when):
    with path.open("a") as file:
        file.write(text)
    os.utime(path, (when, when))


@pytest.fixture
def simulation(tmp_path):
    (tmp_path / "run.in").write_text(RUN)
    (tmp_path / "model.xyz").write_text("50\n")
    return tmp_path


@pytest.fixture
def training(tmp_path):
    (tmp_path / "nep.in").write_text("type 1 Si\ngeneration 1000 # in all\n")
    return tmp_path


def loss_row(generation, total=0.5, force=0.1, test=0.0):
    return f"{generation} {total} 0.1 0.1 0.01 {force} 0 0.02 {test} 0\n"


def test_half_written_lines_wait(tmp_path):
    tail = Tail(tmp_path / "a.out")
    assert tail.poll() == []
    (tmp_path / "a.out").write_text("1 2\n3 ")
    assert tail.poll() == ["1 2"]
    append(tmp_path / "a.out", "4\n5\n", START)
    assert tail.poll() == ["3 4", "5"]
    assert not tail.replaced


def test_a_file_that_is_replaced_is_read_anew(tmp_path):
    path = tmp_path / "a.out"
    path.write_text("1\n2\n3\n")
    tail = Tail(path)
    tail.poll()
    path.write_text("7\n")
    assert tail.poll() == ["7"]
    assert tail.replaced
    path.unlink()
    assert tail.poll() == []
    assert tail.replaced
    path.write_text("8\n")
    assert tail.poll() == ["8"]


def test_pace():
    pace = Pace()
    assert pace.speed is None
    for second in range(0, 300, 10):
        pace.add(second, 10.0 * second if second < 150 else 1500 + 2.0 * (second - 150))
    assert pace.speed == pytest.approx(2, rel=0.35), "the last two minutes count"
    pace.add(310, 0)
    assert pace.speed is None, "a step back starts anew"


def test_a_training_from_nothing_to_its_end(training):
    watcher = TrainingWatcher(training)
    state = watcher.look(START)
    assert state.generation is None
    assert state.warnings == ("no row in loss.out yet",)
    loss = training / "loss.out"
    append(loss, loss_row(100) + "200 0.4", START)
    state = watcher.look(START + 1)
    assert (state.generation, state.total, state.engine) == (100, 1000, "nep")
    assert state.speed is None
    append(loss, " 0.1 0.1 0.01 0.1 0 0 0 0\n" + loss_row(300, 0.3), START + 20)
    state = watcher.look(START + 21)
    assert state.generation == 300
    assert state.speed == pytest.approx(200 / 20)
    assert state.left == pytest.approx(70)
    assert state.errors["rmse_force_train"] == 0.1
    assert state.quiet == pytest.approx(1)
    assert not state.warnings
    append(loss, loss_row(1000, 0.2), START + 90)
    state = watcher.look(START + 91)
    assert state.finished
    assert state.left is None


def test_a_training_that_starts_anew(training):
    loss = training / "loss.out"
    append(loss, loss_row(100) + loss_row(200), START)
    watcher = TrainingWatcher(training)
    assert watcher.look(START).generation == 200
    loss.write_text(loss_row(100))
    state = watcher.look(START)
    assert state.generation == 100
    assert state.curves["generation"] == (100.0,)


def test_what_looks_wrong_in_a_training(training):
    loss = training / "loss.out"
    rows = [loss_row(100 * n, 0.5 / n, test=0.1) for n in range(1, 8)] + [loss_row(800, 0.5, test=0.2)] * 5
    append(loss, "".join(rows[:7]) + "".join(loss_row(700 + 10 * n, 0.5, test=0.2) for n in range(1, 6)), START)
    state = TrainingWatcher(training).look(START + 10)
    assert [line.split(" times")[0] for line in state.warnings] == [
        "the loss is 7.0",
        "the test error of forces is 2.00",
    ]
    append(loss, "760 nan 0.1 0.1 nan 0.1 0 0.02 0.2 0\n", START)
    state = TrainingWatcher(training).look(START + 400)
    assert "total, rmse_energy_train is not a number" in state.warnings[0]
    assert "has not grown for 6 min 40 s" in state.warnings[-1]
    append(loss, "garbage\n", START)
    assert "line 14: expected the 6, 10 or 14 numbers" in TrainingWatcher(training).look(START).warnings[0]


def test_gnep_and_neppo_are_known(tmp_path):
    (tmp_path / "gnep.in").write_text("type 1 Si\nepoch 4\n")
    rows = [f"{n} 0.5 0.01 0.1 0 0 0 0 1e-3 {10 * n}\n" for n in (1, 2, 3)]
    append(tmp_path / "loss.out", "".join(rows), START)
    state = TrainingWatcher(tmp_path).look(START)
    assert (state.engine, state.generation, state.total) == ("gnep", 3, 4)
    assert state.speed == pytest.approx(0.1), "gnep writes the time itself"
    assert state.left == pytest.approx(10)
    (tmp_path / "gnep.in").unlink()
    (tmp_path / "nep.in").write_text("type 1 Si\noptimizer adamw\n")
    assert TrainingWatcher(tmp_path).look(START).engine == "neppo"


def test_a_simulation_through_its_runs(simulation):
    watcher = SimulationWatcher(simulation)
    state = watcher.look(START)
    assert (state.run, state.step, state.done, state.total) == (1, 0, 0, 3000)
    assert state.warnings == ("no row in thermo.out yet",)
    thermo = simulation / "thermo.out"
    append(thermo, "# dump_thermo\n" + 50 * thermo_row(310.0) + "300 3.", START)
    state = watcher.look(START)
    assert (state.run, state.step, state.done) == (1, 500, 500)
    assert (state.temperature, state.target) == (310.0, 300.0)
    assert state.pressure == pytest.approx(0.2)
    append(thermo, "8 -400 0.1 0.2 0.3 0 0 0 10 0 0 0 10 0 0 0 10\n" + 49 * thermo_row(), START + 10)
    state = watcher.look(START + 10)
    assert (state.run, state.step, state.done) == (2, 0, 1000)
    assert state.speed == pytest.approx(50 * 500 / 10)
    assert state.left == pytest.approx(2000 * 50 / state.speed)
    # 0.5 meV per row of 20 fs and 50 atoms: 0.5 meV/atom/ps
    rows = [thermo_row(potential=-400 + 0.0005 * n) for n in range(60)]
    append(thermo, "".join(rows), START + 20)
    state = watcher.look(START + 20)
    assert (state.run, state.step, state.ensemble) == (2, 1200, "nve")
    assert state.drift == pytest.approx(0.5, rel=1e-6)
    assert state.curves["time"][-1] == pytest.approx(2.2)
    append(thermo, 40 * thermo_row(), START + 30)
    assert watcher.look(START + 30).finished


def test_rows_of_an_earlier_execution_are_not_counted(simulation):
    append(simulation / "thermo.out", (200 + 30) * thermo_row(), START)
    state = SimulationWatcher(simulation).look(START)
    assert (state.run, state.step) == (1, 300)


def test_what_looks_wrong_in_a_simulation(simulation):
    thermo = simulation / "thermo.out"
    append(thermo, 20 * thermo_row() + thermo_row(5000.0), START)
    watcher = SimulationWatcher(simulation)
    state = watcher.look(START + 1000)
    assert "5000 K at a target of 300 K" in state.warnings[0]
    assert "has not grown for 16 min 40 s" in state.warnings[1]
    append(thermo, thermo_row(float("nan")), START)
    assert "exploded" in watcher.look(START).warnings[0]
    (simulation / "gpumd.log").write_text("Speed of this run = 1.5e6 atom*step/second.\nCUDA Error: illegal address\n")
    state = SimulationWatcher(simulation).look(START)
    assert state.speed == 1.5e6
    assert "CUDA Error: illegal address" in state.warnings[0]


def test_drift_is_a_warning(simulation):
    rows = [thermo_row(potential=-400 + 0.005 * n) for n in range(60)]
    append(simulation / "thermo.out", 100 * thermo_row() + "".join(rows), START)
    state = SimulationWatcher(simulation).look(START)
    assert state.drift == pytest.approx(5.0, rel=1e-6)
    assert state.warnings == ("the energy drifts by 5.00 meV/atom/ps: a shorter time step, or a better potential",)


@pytest.mark.parametrize("height", [12, 30])
def test_the_screen_fits_and_shows_the_numbers(simulation, height):
    append(simulation / "thermo.out", 130 * thermo_row(), START)
    state = SimulationWatcher(simulation).look(START)
    console = Console(width=70, height=height, record=True, file=io.StringIO())
    console.print(screen(state, 70, height))
    text = console.export_text()
    assert "600 of 2000; 1600 of 3000 in all" in text
    assert "53.3 %" in text
    assert ("time (ps)" in text) == (height == 30)
    assert max(map(len, text.splitlines())) <= 70
    assert len(text.splitlines()) <= max(height, 13)
    assert share(state) == pytest.approx(1600 / 3000)
    assert dict(rows_of(state))["temperature"] == "300.0 K"


def test_folders_that_are_none(tmp_path):
    with pytest.raises(InputError, match=r"no run.in"):
        SimulationWatcher(tmp_path)
    with pytest.raises(InputError, match=r"neither nep.in, gnep.in nor loss.out"):
        TrainingWatcher(tmp_path)
    (tmp_path / "run.in").write_text("potential nep.txt\n")
    with pytest.raises(InputError, match="no run in it"):
        SimulationWatcher(tmp_path)


def test_real_trainings(reference_data):
    for name, kind in (("pbte_nep_train", 10), ("pbte_qnep_train", 14)):
        state = TrainingWatcher(reference_data / name).look(START)
        last = (reference_data / name / "loss.out").read_text().split("\n")[-2].split()
        assert len(last) == kind
        assert state.finished
        assert state.generation == int(last[0]) == state.total
        assert state.errors["total"] == float(last[1])
        assert len(state.curves["total"]) == 200
        assert state.warnings == ()
        assert np.all(np.diff(state.curves["generation"]) > 0)


def test_a_terminal_shows_it_until_the_end(training):
    append(training / "loss.out", loss_row(100), START)
    words = ["-m", "nepkit", "watch", "nep", str(training), "--interval", "0.2"]
    child = pexpect.spawn(sys.executable, words, timeout=60, encoding="utf-8", dimensions=(30, 80))
    child.expect("100 of 1000")
    append(training / "loss.out", loss_row(1000), START)
    child.expect("finished")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_once_prints_json_and_the_status_tells_warnings(training):
    from nepkit.cli.main import main

    assert main(["watch", "nep", str(training), "--once", "--json"]) == 1


def test_json_has_the_state(training, capsys):
    from nepkit.cli.main import main

    append(training / "loss.out", loss_row(1000), START)
    assert main(["watch", "nep", str(training), "--once", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["generation"] == 1000
    assert found["finished"] is True
    assert "curves" not in found
