"""``python -m nepkit.cli.language [zh]``: what is missing from a language, as JSON to be filled in; what is unused."""

from __future__ import annotations

import json

import click

from nepkit.cli.language import known
from nepkit.cli.language.texts import compare


@click.command()
@click.argument("language", type=click.Choice(known()[1:]), default=known()[1])
def main(language: str) -> None:
    """List missing and unused entries; the exit status is 1 where there are any."""
    missing, unused = compare(language)
    for place, texts in missing.items():
        click.echo(f"missing in {place}.json:")
        click.echo("\n".join(f'{json.dumps(text, ensure_ascii=False)}: "",' for text in texts))
    for place, texts in unused.items():
        click.echo(f"unused in {place}.json:")
        click.echo("\n".join(json.dumps(text, ensure_ascii=False) for text in texts))
    if missing or unused:
        raise SystemExit(1)
    click.echo("complete")


if __name__ == "__main__":
    main()
