"""Sets of frames: what is in them, what is wrong with them, and which part to keep."""
