"""One run of a run.in, as the checks see it."""

from __future__ import annotations

from dataclasses import dataclass

from nepkit.inputs.finding import Command


@dataclass(frozen=True)
class Stage:
    """One ``run`` and the commands that hold in it.

    Parameters
    ----------
    run : Command
        The line of the run.
    steps : int
        Number of steps.
    time_step : float
        fs.
    commands : tuple of Command
        Those given since the run before.
    """

    run: Command
    steps: int
    time_step: float
    commands: tuple[Command, ...]

    def find(self, *names: str) -> list[Command]:
        """Return the commands of these names."""
        return [item for item in self.commands if item.name in names]

    @property
    def ensemble(self) -> str:
        """Name of the ensemble, empty where none is given."""
        found = self.find("ensemble")
        return found[-1].words[0] if found else ""
