"""``python -m nepkit``: the same entry point as the installed script."""

from nepkit.cli.main import run

if __name__ == "__main__":
    run()
