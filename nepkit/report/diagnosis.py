"""Page of a diagnosis: the statement, the numbers behind it, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from lr_correction.diagnose import Diagnosis
from nepkit import __version__
from nepkit.core.atomic import atomic_path
from nepkit.core.errors import OutputError
from nepkit.core.table import Table
from nepkit.plots.far_fields import plot_far_fields
from nepkit.report.page import TEMPLATE, image, new_axes, section, table


def tables(result: Diagnosis) -> list[Table]:
    """Return the numbers of a diagnosis as tables."""
    rows: list[tuple[str, str]] = [
        ("frames, blocks, coefficients", f"{result.frames}, {result.blocks}, {result.coefficients}"),
        ("force, residual force (meV/A)", f"{result.force_mev_a:.1f}, {result.residual_mev_a:.1f}"),
        ("explained by far fields (%)", f"{100 * result.share:.2f} +- {100 * result.error:.2f}"),
        ("draws by chance that explain as much (%)", "-" if result.chance is None else f"{100 * result.chance:.1f}"),
        (
            "leading eigenvalue",
            f"{'positive' if result.positive else 'negative'}, {100 * result.rank_one:.0f} % of all",
        ),
        ("cutoff, reach of forces, cell height (A)", f"{result.cutoff:.1f}, {result.reach:.1f}, {result.height:.1f}"),
    ]
    if result.fragments is not None:
        parts = result.fragments
        rows.append(("frames in parts beyond the cutoff", str(parts.frames)))
        rows.append(("net force on a part, residual (meV/A)", f"{parts.force_mev_a:.1f}, {parts.residual_mev_a:.1f}"))
        if parts.product is not None and parts.error is not None:
            rows.append(("product of the charges of two parts (e^2)", f"{parts.product:+.3f} +- {parts.error:.3f}"))
    pairs = [(name, value, error) for name, (value, error) in result.products.items()]
    charges = list(result.charges.items()) if result.positive else []
    shown = [
        Table("Far fields", ("quantity", "value"), rows),
        Table("Products of charges (e^2)", ("pair", "value", "error"), pairs, ("", "+.4f", ".4f")),
        Table("Charges that such fields would have (e)", ("element", "charge"), charges, ("", "+.3f")),
    ]
    return shown if charges else shown[:2]


def write_diagnosis(
    result: Diagnosis, path: Path, facts: Sequence[tuple[str, str]] = (), *, overwrite: bool = False
) -> None:
    """Write the page of a diagnosis, whole or not at all."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{path} is no page: give a name that ends in .html")
    found, products, *charges = tables(result)
    body = [
        section("What to do next", "", f"<p>{escape(result.next_step)}</p>"),
        section(
            "Numbers",
            "Residual forces (label minus potential) are described by fields of charges further away than the cutoff,"
            " one number per pair of elements, and judged on blocks of frames that these numbers were not found on.",
            table(found.columns, [[str(cell) for cell in row] for row in found.rows], left=2),
        ),
        image(plot_far_fields(result, ax=new_axes(6.4, 3.6)), "Share of the residual variance and draws by chance"),
        section(
            "Charges",
            "Charges missing beyond the cutoff give a positive leading eigenvalue that stands alone.",
            table(products.columns, [[str(a), f"{b:+.4f}", f"{c:.4f}"] for a, b, c in products.rows])
            + "".join(table(part.columns, [[str(a), f"{b:+.3f}"] for a, b in part.rows]) for part in charges),
        ),
        section("Files", "", table(["file", ""], [list(fact) for fact in facts], left=2)),
    ]
    page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title="Charges beyond the cutoff?",
        subtitle=escape(f"{result.frames} frames, cutoff {result.cutoff:g} A."),
        tone="good" if result.statement == "none" else "care",
        verdict=escape(f"{result.text[:1].upper()}{result.text[1:]}."),
        body="\n".join(body),
        footer=f"Made by nepkit {escape(__version__)}. This file holds everything it shows.",
    )
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")
