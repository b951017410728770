"""``nepkit structure``: make structures from structures."""

from nepkit.cli.command import group

group("structure", "Make structures: supercells, groups, strains, surfaces, defects, orderings.")

from nepkit.cli.structure import arrange, cells, disorder, displace, shape  # noqa: E402
