"""Checks of run.in and nep.in, alone and against the files that they name."""
