"""Choosing frames: every selector returns indices."""
