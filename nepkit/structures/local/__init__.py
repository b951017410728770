"""Local order in crystals: neighbours that stay the same, displacements, tilts and polarisation of every cell."""
