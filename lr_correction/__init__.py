"""Long-range electrostatics fitted atop a frozen NEP."""

from typing import TYPE_CHECKING

from lr_correction.lazy import exporter

if TYPE_CHECKING:
    from lr_correction.calculator import LongRangeCalculator as LongRangeCalculator
    from lr_correction.correction import LongRangePotential as LongRangePotential
    from lr_correction.errors import LongRangeError as LongRangeError
    from lr_correction.export import write_qnep as write_qnep
    from lr_correction.fit import fit_charges as fit_charges
    from lr_correction.nepfile import read_nep as read_nep
    from lr_correction.nepfile import write_nep as write_nep
    from lr_correction.saved import load_charges as load_charges
    from lr_correction.saved import save_charges as save_charges

_PUBLIC = {
    "LongRangeCalculator": "lr_correction.calculator",
    "LongRangeError": "lr_correction.errors",
    "LongRangePotential": "lr_correction.correction",
    "fit_charges": "lr_correction.fit",
    "load_charges": "lr_correction.saved",
    "read_nep": "lr_correction.nepfile",
    "save_charges": "lr_correction.saved",
    "write_nep": "lr_correction.nepfile",
    "write_qnep": "lr_correction.export",
}

__all__ = [*_PUBLIC]

__getattr__ = exporter(__name__, _PUBLIC)


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
