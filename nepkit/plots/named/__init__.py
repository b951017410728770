"""Plots of ``nepkit plot NAME``: one module each, see `nepkit.plots.plot`."""
