import pytest

from nepkit.core.progress import reporting, stages, task, track


class Recorder:
    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []

    def start(self, description: str, total: int | None) -> int:
        self.events.append(("start", description, total))
        return 7

    def advance(self, handle: int, steps: int, note: str) -> None:
        self.events.append(("advance", handle, steps, note))

    def finish(self, handle: int) -> None:
        self.events.append(("finish", handle))


def test_the_library_is_silent(capfd):
    assert list(track(range(3), "Counting")) == [0, 1, 2]
    with task("Fitting") as step:
        step.advance(note="x")
    assert capfd.readouterr() == ("", "")


def test_a_reporter_sees_every_step_and_the_end():
    recorder = Recorder()
    with reporting(recorder):
        assert list(track("ab", "Letters")) == ["a", "b"]
        assert list(track(iter("a"), "Stream")) == ["a"]
    assert recorder.events == [
        ("start", "Letters", 2),
        ("advance", 7, 1, ""),
        ("advance", 7, 1, ""),
        ("finish", 7),
        ("start", "Stream", None),
        ("advance", 7, 1, ""),
        ("finish", 7),
    ]


def test_work_that_fails_is_finished_and_the_reporter_is_taken_back():
    recorder = Recorder()
    with pytest.raises(RuntimeError, match="broken"), reporting(recorder), task("Fitting"):
        raise RuntimeError("broken")
    assert recorder.events[-1] == ("finish", 7)
    list(track([1], "Later"))
    assert recorder.events[-1] == ("finish", 7)


def test_stages_follow_each_other_and_the_last_ends():
    recorder = Recorder()
    with reporting(recorder), stages() as report:
        report("features", 2, 4, "")
        report("features", 4, 4, "")
        report("fit", 1, 60, "objective 1")
    assert recorder.events == [
        ("start", "features", 4),
        ("advance", 7, 2, ""),
        ("advance", 7, 2, ""),
        ("start", "fit", 60),
        ("finish", 7),
        ("advance", 7, 1, "objective 1"),
        ("finish", 7),
    ]
