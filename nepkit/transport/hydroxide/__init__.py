"""Hydroxide ions and excess protons: which oxygen they are at, how they hop, and the network that they hop along."""
