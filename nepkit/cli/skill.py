"""What a coding agent needs to know to use nepkit, made of the command tree."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import ROOT, SECTIONS, command, leaves, load_all
from nepkit.cli.output import Output

HEAD = """---
name: nepkit
description: Prepare, check, train, run and analyse GPUMD and NEP simulations from the command line.
---

# nepkit

- Run `nepkit COMMAND --help` before a command is used for the first time; nothing is asked when all is given.
- `--json` prints results for programs; errors are one line on standard error, with exit status 1.
- Files are never replaced without `--overwrite`. Units: eV, A, e, GPa, K, ps, unless a column says another.
- Check inputs before a run: `nepkit check run.in`, `nepkit data check train.xyz`.
- Quote values with their errors and notes; a refusal says why, and no number may be made up in its place.
"""


@command("skill", menu=732)
@options.output("Output page, e.g. SKILL.md in a folder of skills (default: standard output).")
def skill(output: Path | None, overwrite: bool) -> Output:
    """A page that teaches coding agents nepkit.

    It lists every command with one line of help, after the rules that all of them share.
    """
    from nepkit.core.atomic import atomic_path

    text = page()
    if output is None:
        return Output(data={"page": text}, text=text)
    with atomic_path(output, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Output(data={"file": output}, text=f"wrote {output}")


def page() -> str:
    """Return the page as Markdown."""
    load_all()
    parts = [HEAD]
    section = 0
    found = [leaf for leaf in leaves(ROOT) if not leaf.hidden]
    for leaf in sorted(found, key=lambda leaf: (leaf.menu or 1000, leaf.path)):
        if (leaf.menu or 1000) // 100 != section:
            section = (leaf.menu or 1000) // 100
            parts.append(f"\n## {SECTIONS.get(section, 'Other commands')}\n\n")
        parts.append(f"- `nepkit {leaf.path}`: {click.Command(leaf.path, help=leaf.help).get_short_help_str(200)}\n")
    return "".join(parts)
