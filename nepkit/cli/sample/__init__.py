"""``nepkit sample``: choose frames to label or to train on, one file a family of selectors."""

from nepkit.cli.command import group

group("sample", "Choose frames: at equal steps, at random, as different as can be, or where models disagree.")

from nepkit.cli.sample import descriptor, deviation, simple  # noqa: E402

__all__ = ["descriptor", "deviation", "simple"]
