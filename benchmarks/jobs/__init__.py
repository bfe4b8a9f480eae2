"""What is measured, a module for each room of the package: see `jobs.setting`."""

from jobs import (
    cam,
    grad_cam,
    integrated_gradients,
    judging,
    lime,
    maps,
    score_cam,
    shapley,
    transformers,
)
from jobs.setting import FLOOR, JOBS

__all__ = [
    "FLOOR",
    "JOBS",
    "cam",
    "grad_cam",
    "integrated_gradients",
    "judging",
    "lime",
    "maps",
    "score_cam",
    "shapley",
    "transformers",
]
