"""nep.in as data: what model a training makes, with the defaults of ``nep`` where the file is silent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nepkit.core.errors import InputError
from nepkit.inputs.inputfile import InputFile, read_input
from nepkit.inputs.nep_keywords import NEP_KEYWORDS


@dataclass(frozen=True)
class NepIn:
    """A nep.in.

    Parameters
    ----------
    elements : tuple of str
        Types of the model in their order.
    cutoffs : tuple of tuple of float
        Radial and angular cutoff in A; one pair, or one per element.
    n_max, basis_size : tuple of int
        Largest indices, radial and angular.
    l_max : int
        Largest angular momentum of the three-body descriptors.
    flags : tuple of bool
        Whether the invariants 222 1111 112 123 233 134 are there.
    neurons : tuple of int
        Widths of the hidden layers; the second is 0 for one layer.
    charge_mode : int
        0, 1 or 2.
    model_type : int
        0 potential, 1 dipole, 2 polarizability, 3 temperature.
    vdw : bool
        Whether there is a van der Waals head.
    zbl : float or None
        Outer cutoff of the repulsion in A.
    batch, generations, population, output_interval : int
        Of the training.
    prediction : bool
        Whether it only predicts.
    fine_tune : tuple of str or None
        Model and restart file that it starts from.
    file : InputFile
        All lines of the file.
    """

    elements: tuple[str, ...]
    cutoffs: tuple[tuple[float, float], ...]
    n_max: tuple[int, int]
    basis_size: tuple[int, int]
    l_max: int
    flags: tuple[bool, ...]
    neurons: tuple[int, int]
    charge_mode: int
    model_type: int
    vdw: bool
    zbl: float | None
    batch: int
    generations: int
    population: int
    output_interval: int
    prediction: bool
    fine_tune: tuple[str, str] | None
    file: InputFile

    @property
    def angular_dimension(self) -> int:
        """Number of angular descriptors."""
        return (self.n_max[1] + 1) * (self.l_max + sum(self.flags))

    @property
    def dimension(self) -> int:
        """Number of descriptors, the temperature included where the model depends on it."""
        return self.n_max[0] + 1 + self.angular_dimension + (self.model_type == 3)

    @property
    def parameters(self) -> int:
        r"""Number of trained parameters, the rows of nep.restart (GPUMD: src/main_nep/parameters.cu).

        Examples
        --------
        >>> from nepkit.inputs.inputfile import parse_input
        >>> parse_nep_in(parse_input("type 2 Te Pb\ncutoff 8 4\n"), "nep.in").parameters
        3033
        """
        types, (first, second), dimension = len(self.elements), self.neurons, self.dimension
        charged = self.charge_mode > 0
        if second:
            network = types * ((dimension + 1) * first + (first + 2) * second) + 1
        else:
            heads = 2 + charged + self.vdw
            network = types * (dimension + heads) * first + 1 + charged
        copies = 2 if self.model_type == 2 else 1
        pairs = sum((n + 1) * (k + 1) for n, k in zip(self.n_max, self.basis_size, strict=True))
        return copies * network + types**2 * pairs


def parse_nep_in(file: InputFile, name: str | Path) -> NepIn:
    """Return what the lines of a nep.in say.

    Raises
    ------
    InputError
        Where a line does not fit its keyword, or ``type`` is missing; names the line.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in file.commands():
        keyword = NEP_KEYWORDS.get(line.words[0])
        if keyword is None or not keyword.forms:
            continue  # what it is, nepkit check tells
        try:
            keyword.match(line.words[1:])
        except InputError as error:
            raise InputError(f"{name}, line {line.number}: {error}") from None
        found[line.words[0]] = line.words[1:]
    if "type" not in found:
        raise InputError(f"{name}: the line 'type <number> <elements>' is missing")

    def words(keyword: str) -> tuple[str, ...]:
        return found.get(keyword) or tuple(NEP_KEYWORDS[keyword].default.split())

    def integers(keyword: str) -> list[int]:
        return [int(word) for word in words(keyword)]

    cutoff = [float(word) for word in words("cutoff")]
    l_max = integers("l_max")
    # Flags that are not written keep their defaults: 222 is on.
    flags = [1, 0, 0, 0, 0, 0]
    flags[: len(l_max) - 1] = l_max[1:]
    neurons = integers("neuron")
    tuned = found.get("fine_tune")
    return NepIn(
        elements=found["type"][1:],
        cutoffs=tuple(zip(cutoff[::2], cutoff[1::2], strict=True)),
        n_max=(integers("n_max")[0], integers("n_max")[1]),
        basis_size=(integers("basis_size")[0], integers("basis_size")[1]),
        l_max=l_max[0],
        flags=tuple(flag != 0 for flag in flags),
        neurons=(neurons[0], neurons[1] if len(neurons) > 1 else 0),
        charge_mode=2 if words("charge_vdw") == ("1",) else integers("charge_mode")[0],
        model_type=int((found.get("model_type") or found.get("mode") or ("0",))[0]),
        vdw="1" in (*words("vdw"), *words("charge_vdw")),
        zbl=float(found["zbl"][0]) if "zbl" in found else None,
        batch=integers("batch")[0],
        generations=integers("generation")[0],
        population=integers("population")[0],
        output_interval=integers("output_interval")[0],
        prediction=words("prediction") == ("1",),
        fine_tune=(tuned[0], tuned[1]) if tuned else None,
        file=file,
    )


def read_nep_in(path: str | Path) -> NepIn:
    """Read a nep.in; see `parse_nep_in` for what it raises."""
    return parse_nep_in(read_input(path), path)
