"""``nepkit sample``: choose frames to label or to train on, one file a family of selectors."""

from nepkit.cli.command import group

group(
    "sample",
    "Select frames: farthest-point, D-optimal, random, uniform.",
    example="sample fps frames.xyz --model nep.txt --max 100 -o chosen.xyz",
)

from nepkit.cli.sample import descriptor, deviation, simple  # noqa: E402

__all__ = ["descriptor", "deviation", "simple"]
