"""``nepkit structure``: make structures from structures."""

from nepkit.cli.command import group

group(
    "structure",
    "Supercells, surfaces, defects, orderings, strains.",
    example="structure replicate cell.vasp --atoms 200 -o model.xyz",
)

from nepkit.cli.structure import arrange, cells, disorder, displace, shape  # noqa: E402
