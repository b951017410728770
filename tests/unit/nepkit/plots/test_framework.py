"""What every plot shares: where files are looked for, how panels are laid out, how a figure becomes characters."""

import numpy as np
import pytest

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.catalogue import by_name
from nepkit.plots.compose import Look, compose
from nepkit.plots.labels import distinct
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import new_figure, with_sheets
from nepkit.plots.terminal import to_text, traces

FILES = (File("a.out", "compute_a of gpumd"), File("b_*.out", "you", needed=False))


def line(ax, label="", shift=0.0):
    ax.plot([0.0, 1.0, 2.0], [1.0, 10.0, 100.0 + shift], label=label or "rise")
    ax.set(xlabel="time (ps)", ylabel="value", title="Rise")
    ax.legend()
    return ax


def made(**changes):
    settings = {
        "name": "made",
        "summary": "Made.",
        "menu": 699,
        "files": FILES,
        "read": lambda source, factor=1.0: factor * float(source.path("a.out").read_text()),
        "numbers": lambda results: [Table("", ["file", "value"], list(results.items()))],
        "series": lambda results: Table("", ["value"], [(value,) for value in results.values()]),
        "draw": lambda results, ax=None: line(ax),
        "options": (Option("factor", "Factor.", type=float, default=2.0),),
    }
    return Plot(**{**settings, **changes})


class TestSource:
    def test_folder(self, tmp_path):
        (tmp_path / "b_2.out").touch()
        (tmp_path / "b_1.out").touch()
        source = Source(tmp_path, FILES)
        assert source.find("a.out") is None
        assert source.find("b_*.out").name == "b_1.out"
        assert [path.name for path in source.find_all("b_*.out")] == ["b_1.out", "b_2.out"]
        with pytest.raises(InputError, match=r"no a\.out in this folder; it comes from compute_a of gpumd"):
            source.path("a.out")

    def test_file_by_its_name_and_others_beside_it(self, tmp_path):
        for name in ("a.out", "b_1.out", "other.out"):
            (tmp_path / name).touch()
        assert Source(tmp_path / "b_1.out", FILES).path("a.out") == tmp_path / "a.out"
        assert Source(tmp_path / "b_1.out", FILES).role == "b_*.out"
        renamed = Source(tmp_path / "other.out", FILES)
        assert renamed.path("a.out") == tmp_path / "other.out"
        assert renamed.folder == tmp_path


class TestPlot:
    def test_options_reach_only_functions_that_take_them(self, tmp_path):
        (tmp_path / "a.out").write_text("3")
        assert made().load([tmp_path], {}).results == {tmp_path.name: 6.0}
        loaded = made().load([tmp_path], {"factor": 5.0}, ["name"])
        assert loaded.results == {"name": 15.0}
        assert loaded.numbers()[0].rows == [("name", 15.0)]
        assert list(loaded.panels()) == ["made"]

    def test_plots_of_one_or_all_files(self, tmp_path):
        (tmp_path / "a.out").write_text("3")
        assert made(takes="one").load([tmp_path], {}).results == 6.0
        both = made(takes="all", read=lambda sources: len(sources)).load([tmp_path, tmp_path], {})
        assert both.results == 2
        with pytest.raises(InputError, match="--label"):
            made(takes="one").load([tmp_path], {}, ["name"])

    def test_labels_must_be_as_many_as_files(self, tmp_path):
        (tmp_path / "a.out").write_text("3")
        with pytest.raises(InputError, match="2 files need as many --label that differ, 1 given"):
            made().load([tmp_path, tmp_path / "a.out"], {}, ["x", "x"])

    def test_one_panel_by_name(self, tmp_path):
        (tmp_path / "a.out").write_text("3")
        loaded = made(draw=None, panels=lambda results: {"one": line, "two": line}).load([tmp_path], {})
        assert list(loaded.panels("two")) == ["two"]
        with pytest.raises(UnknownNameError, match="no panel 'tow' in this plot: did you mean two"):
            loaded.panels("tow")

    def test_found_in(self, tmp_path):
        assert not made().found_in(tmp_path)
        (tmp_path / "a.out").touch()
        assert made().found_in(tmp_path)
        either = made(files=(File("c.out", "", needed=False), File("a.out", "", needed=False)))
        assert either.found_in(tmp_path)
        (tmp_path / "a.out").unlink()
        assert not either.found_in(tmp_path)

    def test_a_declaration_is_checked(self):
        with pytest.raises(ValueError, match="either draw or panels"):
            made(draw=None)
        with pytest.raises(ValueError, match="takes is"):
            made(takes="some")

    def test_unknown_name(self):
        with pytest.raises(UnknownNameError, match="did you mean loss"):
            by_name("los")


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/rdf.out", "y/rdf.out"], ["x", "y"]),
        (["x/1/rdf.out", "y/1/rdf.out"], ["x/1", "y/1"]),
        (["x/a.out", "x/b.out"], ["a.out", "b.out"]),
        (["x", "y"], ["x", "y"]),
        (["x", "x"], ["x (1)", "x (2)"]),
    ],
)
def test_short_names_tell_files_apart(tmp_path, paths, names):
    found = distinct([tmp_path / path for path in paths])
    assert [name.removeprefix(f"{tmp_path}/") for name in found] == names


class TestCompose:
    def test_panels_and_look(self):
        look = Look(title="T", xlabel="x", ylabel="y", xlim=(0.0, 1.5), ylim=(0.5, 200.0), log="y", size=(6.0, 3.0))
        figure = compose({"one": line, "two": line}, look)
        assert len(figure.axes) == 2
        assert figure.get_size_inches().tolist() == [6.0, 3.0]
        for ax in figure.axes:
            assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("x", "y", "log")
            assert (*ax.get_xlim(), *ax.get_ylim()) == (0.0, 1.5, 0.5, 200.0)
        assert figure.get_suptitle() == "T"

    def test_the_title_of_one_panel(self):
        figure = compose({"one": line}, Look(title="T"))
        assert len(figure.axes) == 1
        assert figure.axes[0].get_title(loc="left") == "T"

    @pytest.mark.parametrize(("look", "message"), [({"xlim": (2.0, 1.0)}, "lower limit first"),
                                                   ({"ylim": (0.0, 1.0), "log": "y"}, "above zero")])  # fmt: skip
    def test_limits_are_checked(self, look, message):
        with pytest.raises(InputError, match=message):
            compose({"one": line}, Look(**look))

    def test_style_sheets(self):
        with with_sheets("dark_background"):
            figure = compose({"one": line})
        assert figure.axes[0].get_facecolor()[:3] == (0.0, 0.0, 0.0)
        assert compose({"one": line}).axes[0].get_facecolor()[:3] == (1.0, 1.0, 1.0)
        with pytest.raises(UnknownNameError, match="no style 'ggplt'"), with_sheets("ggplt"):
            pass


class TestTerminal:
    def test_line_points_bars_bands_and_meshes_are_seen(self):
        ax = new_figure().add_subplot()
        ax.plot([0.0, 1.0, np.nan, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0], label="line")
        ax.plot([0.5], [2.0], "o")
        ax.scatter([1.0, 2.0], [3.0, 3.0], label="points")
        ax.bar([3.0], [2.0])
        ax.fill_between([0.0, 1.0], [0.0, 0.0], [1.0, 1.0], alpha=0.5)
        ax.errorbar([2.0], [2.0], yerr=[0.5], fmt="o")
        ax.pcolormesh([0.0, 1.0, 2.0], [0.0, 1.0], [[0.0, 5.0]])
        ax.axvspan(0.0, 1.0, alpha=0.05)
        ax.set(xlim=(0.0, 4.0), ylim=(0.0, 4.0))
        found = list(traces(ax))
        labels = [trace.label for trace in found if trace.label]
        assert labels[:1] + [label for label in labels if label == "points"] == ["line", "points"]
        # On axes from 0 to 4 the scale is the data themselves; the line falls into two pieces.
        np.testing.assert_allclose(found[0].points, [[0, 0], [1, 1]], atol=1e-9)
        np.testing.assert_allclose(found[1].points, [[3, 3], [4, 4]], atol=1e-9)
        points = [trace for trace in found if not trace.joined]
        assert [len(trace.points) for trace in points] == [1, 1, 2, 1]  # marker, of the error bar, scatter, mesh
        np.testing.assert_allclose(points[-1].points, [[1.5, 0.5]], atol=1e-9)

    def test_logarithmic_axes(self):
        ax = new_figure().add_subplot()
        line(ax)
        ax.set(yscale="log", ylim=(1.0, 1000.0))
        (trace,) = traces(ax)
        np.testing.assert_allclose(trace.points[:, 1], [0.0, 1.0, 2.0], atol=1e-9)

    def test_text(self):
        ax = new_figure().add_subplot()
        line(ax)
        text = to_text(ax, width=60, height=15, color=False)
        assert all(word in text for word in ("Rise", "time (ps)", "value", "rise", "100"))
        assert "\x1b" not in text
        assert max(map(len, text.splitlines())) <= 60
        assert "\x1b" in to_text(ax, width=60, height=15, color=True)


def test_columns_of_unequal_length_and_stacked_tables():
    one, other = table_of_columns("", {"x": [1, 2], "y": [3]}), table_of_columns("", {"x": [5]})
    found = stacked("t", {"a": one, "b": other})
    assert found.columns == ["file", "x", "y"]
    assert found.rows == [("a", 1, 3), ("a", 2, None), ("b", 5, None)]
