"""Making structures from structures: supercells, groups, cells, surfaces, defects and orderings of disordered sites."""
