"""What every training engine does, and the registry of engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ase import Atoms

from nepkit.core.registry import Registry
from nepkit.training.loss import LossPoint
from nepkit.training.settings import Settings

#: File in the folder of a run that holds the model it starts from, if it starts from one.
START = "start.txt"

Report = Callable[[LossPoint], None]


@dataclass(frozen=True)
class TrainingData:
    """Labelled frames: energy, forces and, where there is one, the virial.

    Parameters
    ----------
    train : list of Atoms
        Frames to learn from.
    test : list of Atoms
        Frames that are only evaluated; may be empty.
    elements : tuple of str
        Types of the model, in its order.
    source : str
        Where the frames come from, for messages and the run record.
    """

    train: list[Atoms]
    test: list[Atoms]
    elements: tuple[str, ...]
    source: str


class Engine(Protocol):
    """A program that trains a NEP in a folder whose files are its whole state."""

    name: str

    def versions(self) -> dict[str, str]:
        """Return the versions of what will run.

        Raises
        ------
        NepkitError
            The program or package is not there; the message says how to get it.
        """

    def nep_in(self, elements: tuple[str, ...], settings: Settings) -> str:
        """Return the text of ``nep.in`` with this engine's own keywords."""

    def train(self, data: TrainingData, settings: Settings, workdir: Path, report: Report | None = None) -> Path:
        """Train in ``workdir``, which holds ``nep.in``, ``train.xyz`` and ``test.xyz``, and return the model file.

        A run that was killed goes on from its last saved state when it is called again with the same settings.
        ``report`` is called with every new row of the loss curve.
        """


engines: Registry[Engine] = Registry(
    "engine",
    {
        "neppo": "nepkit.training.neppo:engine",
        "nep": "nepkit.training.nep:engine",
    },
)
