"""ASE calculator for a NEP with charges."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import ase
import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from .backend import Namespace, to_numpy
from .correction import LongRangePotential
from .nepfile import read_nep


class LongRangeCalculator(Calculator):  # type: ignore[misc]
    """Energy, forces, stress, charges and Born effective charges of a corrected NEP.

    Parameters
    ----------
    model
        A potential, or the path of a qNEP file.
    total_charge
        Charge of the system, e.
    xp
        Array module: ``numpy`` or ``cupy``.
    dtype
        ``float64``, or ``float32``: forces to about 1e-4 eV/angstrom.

    Raises
    ------
    ModelError
        If the file cannot be read or has no charges.
    DataError
        For an element that the model lacks or a system that is not periodic.

    Examples
    --------
    >>> atoms.calc = LongRangeCalculator("qnep.txt")  # doctest: +SKIP
    >>> atoms.get_potential_energy(), atoms.get_charges()  # doctest: +SKIP
    """

    implemented_properties: ClassVar[list[str]] = [
        "energy",
        "free_energy",
        "forces",
        "stress",
        "charges",
        "born_effective_charges",
    ]

    def __init__(
        self,
        model: LongRangePotential | str | Path,
        *,
        total_charge: float = 0.0,
        xp: Namespace = np,
        dtype: Any = np.float64,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.potential = (
            model if isinstance(model, LongRangePotential) else LongRangePotential.from_nep(read_nep(model))
        )
        self.total_charge, self._xp, self._dtype = total_charge, xp, dtype

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute all properties; Born effective charges only when asked for."""
        super().calculate(atoms, properties, system_changes)
        wants_bec = "born_effective_charges" in properties
        result = self.potential.evaluate(
            [self.atoms], total_charges=[self.total_charge], bec=wants_bec, xp=self._xp, dtype=self._dtype
        )
        virial = to_numpy(result.virial)[0]
        energy = float(result.energy[0])
        self.results = {
            "energy": energy,
            "free_energy": energy,
            "forces": to_numpy(result.forces),
            "stress": -virial.ravel()[[0, 4, 8, 5, 2, 1]] / self.atoms.get_volume(),
            "charges": to_numpy(result.charges),
        }
        if result.bec is not None:
            self.results["born_effective_charges"] = to_numpy(result.bec)
