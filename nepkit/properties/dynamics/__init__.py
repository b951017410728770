"""Molecular dynamics: one description of a run, done by ASE's integrators or by GPUMD.

`nepkit.properties.dynamics.run.run_simulation` keeps its files and can go on after a kill; `run_md` is a short run in
memory.
"""

from nepkit.properties.dynamics.short import Trajectory, run_md
from nepkit.properties.dynamics.simulation import Simulation
from nepkit.properties.dynamics.watch import energy_drift

__all__ = ["Simulation", "Trajectory", "energy_drift", "run_md"]
