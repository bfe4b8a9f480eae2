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
from lessons_lib.judging.statistics import (
    Interval,
    Paired,
    hits,
    holm,
    median,
    paired,
    pictures_needed,
    rank_correlation,
    sign_flip,
)

__all__ = [
    "Comparison",
    "Confidences",
    "Curve",
    "Interval",
    "Paired",
    "Stage",
    "average_drop",
    "average_increase",
    "cascading_randomisation",
    "compare",
    "confidences",
    "deletion",
    "energy_inside",
    "hits",
    "holm",
    "hottest",
    "insertion",
    "intersection_over_union",
    "median",
    "paired",
    "pictures_needed",
    "pointing_game",
    "rank_correlation",
    "ranks",
    "sign_flip",
    "top_share_inside",
]
