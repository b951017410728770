"""Toolkit for GPUMD and NEP machine-learned potentials."""

__version__ = "0.1.0"
