"""Changing the architecture of a NEP, with its restart file and nep.in kept consistent."""
