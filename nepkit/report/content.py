"""What a report of a charge fit says, whatever its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nepkit.accuracy.parity import Parity, compare, element_constants
from nepkit.frames import Labels, labels
from nepkit.models.prediction import predict
from nepkit.properties.charges import ChargeDistribution, charge_distribution

if TYPE_CHECKING:
    from lr_correction.nep import NEP
    from lr_correction.results import ChargeFit
    from nepkit.properties.dynamics import Trajectory
    from nepkit.transport.element_msd import MeanSquaredDisplacement

QUANTITIES = ("energy_mev_atom", "force_mev_a", "virial_mev_atom")
STAGES = {"frozen": "frozen NEP", "readout": "readout refit", "charges": "with charges"}
"""Models of a fit in the order in which they are made, and what they are called."""


@dataclass(frozen=True)
class DataSummary:
    """What a set of frames holds.

    Parameters
    ----------
    frames, atoms : int
        Number of frames and of atoms in all.
    formulas : dict of str to int
        Frames by chemical formula.
    trajectories : int
        Number of different trajectories they name; zero where they name none.
    energies, forces, virials : int
        Frames that carry the label.
    force_rms : float
        Root mean square of the force components, eV/A; nan without forces.
    """

    frames: int
    atoms: int
    formulas: dict[str, int]
    trajectories: int
    energies: int
    forces: int
    virials: int
    force_rms: float


@dataclass(frozen=True)
class ChargeReport:
    """A charge fit with everything that its report shows.

    Parameters
    ----------
    title : str
        Heading.
    fit : ChargeFit
        The fit.
    data : dict of str to DataSummary
        By set of frames, ``train`` and maybe ``test``.
    parities : dict of str to dict of str to Parity
        By set of frames and by model (``frozen`` or ``charges``).
    charges : ChargeDistribution
        Of the corrected model, on the test frames or else the training frames.
    facts : list of (str, str)
        Files, versions and settings, as name and value.
    next_steps : list of (str, str)
        What to do next, as a sentence and a command.
    trajectory, msd : optional
        A short run with the corrected model.
    """

    title: str
    fit: ChargeFit
    data: Mapping[str, DataSummary]
    parities: Mapping[str, Mapping[str, Parity]]
    charges: ChargeDistribution
    facts: Sequence[tuple[str, str]]
    next_steps: Sequence[tuple[str, str]]
    trajectory: Trajectory | None = None
    msd: MeanSquaredDisplacement | None = None

    @property
    def held_out(self) -> str:
        """The set of frames that counts: ``test`` where there is one, else ``train``."""
        return "test" if self.fit.test is not None else "train"

    @property
    def verdict(self) -> str:
        """The verdict of the fit as a sentence."""
        text = self.fit.verdict.replace("+-", "±")
        return text[:1].upper() + text[1:]

    def errors(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return set of frames, model and errors, row by row."""
        sets = {"train": self.fit.train} | ({"test": self.fit.test} if self.fit.test is not None else {})
        return [(name, stage, asdict(getattr(stages, stage))) for name, stages in sets.items() for stage in STAGES]

    def force_errors(self) -> dict[str, dict[str, float | None]]:
        """Return the force errors by set of frames and model, meV/A, the one of cut charges among them."""
        found: dict[str, dict[str, float | None]] = {}
        for name, stage, row in self.errors():
            found.setdefault(name, {})[stage] = row["force_mev_a"]
        if self.fit.range is not None:
            found[self.fit.range.frames]["short_range_charges"] = self.fit.range.short_range_charges.force_mev_a
        return found


def summarise(frames: Sequence[Atoms]) -> DataSummary:
    """Count frames, atoms and labels.

    Examples
    --------
    >>> summarise([Atoms("LiCl"), Atoms("LiCl")]).formulas
    {'LiCl': 2}
    """
    found = [labels(atoms) for atoms in frames]
    formulas: dict[str, int] = {}
    for atoms in frames:
        formula = atoms.get_chemical_formula("metal", empirical=True)
        formulas[formula] = formulas.get(formula, 0) + 1
    names = {atoms.info["trajectory"] for atoms in frames if "trajectory" in atoms.info}
    forces = [row.forces.ravel() for row in found if row.forces is not None]
    return DataSummary(
        frames=len(frames),
        atoms=sum(map(len, frames)),
        formulas=dict(sorted(formulas.items(), key=lambda item: -item[1])),
        trajectories=len(names),
        energies=sum(row.energy is not None for row in found),
        forces=len(forces),
        virials=sum(row.virial is not None for row in found),
        force_rms=float(np.sqrt(np.mean(np.concatenate(forces) ** 2))) if forces else float("nan"),
    )


def build_report(
    title: str,
    nep: NEP,
    fit: ChargeFit,
    sets: Mapping[str, Sequence[Atoms]],
    *,
    facts: Sequence[tuple[str, str]],
    next_steps: Sequence[tuple[str, str]],
    trajectory: Trajectory | None = None,
    msd: MeanSquaredDisplacement | None = None,
) -> ChargeReport:
    """Evaluate the frozen NEP and the corrected model on all frames and collect the report.

    Parameters
    ----------
    title : str
        Heading.
    nep : NEP
        The model that the fit started from.
    fit : ChargeFit
        Its result.
    sets : mapping of str to sequence of ase.Atoms
        ``train`` and maybe ``test``, as the fit had them.
    facts, next_steps, trajectory, msd
        As in `ChargeReport`.
    """
    frozen = {name: predict(nep, frames, bec=False, source=name) for name, frames in sets.items()}
    corrected = {name: predict(fit.potential, frames, bec=False, source=name) for name, frames in sets.items()}
    # As in the fit: the frozen NEP gets new constants per element, or another DFT code's zero would hide the rest.
    constants = element_constants(sets["train"], frozen["train"])
    shown: list[Labels] = corrected["test" if "test" in sets else "train"]
    return ChargeReport(
        title=title,
        fit=fit,
        data={name: summarise(frames) for name, frames in sets.items()},
        parities={
            name: {
                "frozen": compare(frames, frozen[name], constants),
                "charges": compare(frames, corrected[name]),
            }
            for name, frames in sets.items()
        },
        charges=charge_distribution(sets["test" if "test" in sets else "train"], [row.charges for row in shown]),
        facts=facts,
        next_steps=next_steps,
        trajectory=trajectory,
        msd=msd,
    )
