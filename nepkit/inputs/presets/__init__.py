"""Templates of run.in and nep.in, filled from the structure, potential and frames at hand."""
