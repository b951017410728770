"""Thermal conductivity from GPUMD: Green and Kubo (EMD), homogeneous (HNEMD) and inhomogeneous (NEMD) driving."""
