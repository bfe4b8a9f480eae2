"""Is the map any good? Measures that ask the network, the picture's truth, or other maps.

`clever_hans`, `road` and `robustness` are modules of their own: ``from lessons_lib.judging import
robustness``.
"""

from lessons_lib.judging.bench import Comparison, compare
from lessons_lib.judging.curves import (
    Confidences,
    Curve,
    average_drop,
    average_increase,
    confidences,
    deletion,
    insertion,
    ranks,
)
from lessons_lib.judging.localisation import (
    energy_inside,
    hottest,
    intersection_over_union,
    pointing_game,
    top_share_inside,
)
from lessons_lib.judging.sanity import Stage, cascading_randomisation
from lessons_lib.judging.statistics import Interval, bootstrap, rank_correlation

__all__ = [
    "Comparison",
    "Confidences",
    "Curve",
    "Interval",
    "Stage",
    "average_drop",
    "average_increase",
    "bootstrap",
    "cascading_randomisation",
    "compare",
    "confidences",
    "deletion",
    "energy_inside",
    "hottest",
    "insertion",
    "intersection_over_union",
    "pointing_game",
    "rank_correlation",
    "ranks",
    "top_share_inside",
]
