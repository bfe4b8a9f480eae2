"""LIME: one answer of any model, explained by a small linear model near it (lesson 04)."""

from lessons_lib.lime._explanation import (
    Explanation,
    effective_samples,
    held_out,
    k_lasso,
    kernel,
    local_surrogate,
)
from lessons_lib.lime._neighbourhoods import (
    IMAGE_SIGMA,
    TABLE_SIGMA,
    TEXT_SIGMA,
    Neighbourhood,
    cosine_distance,
    sample_image,
    sample_table,
    sample_text,
    words_of,
)
from lessons_lib.lime._submodular_pick import coverage, importance, submodular_pick
from lessons_lib.lime._superpixels import (
    coalition_scores,
    hide,
    relabelled,
    superpixels,
)
from lessons_lib.lime._weighted_fit import Fit, checked_samples, weighted_fit

__all__ = [
    "IMAGE_SIGMA",
    "TABLE_SIGMA",
    "TEXT_SIGMA",
    "Explanation",
    "Fit",
    "Neighbourhood",
    "checked_samples",
    "coalition_scores",
    "cosine_distance",
    "coverage",
    "effective_samples",
    "held_out",
    "hide",
    "importance",
    "k_lasso",
    "kernel",
    "local_surrogate",
    "relabelled",
    "sample_image",
    "sample_table",
    "sample_text",
    "submodular_pick",
    "superpixels",
    "weighted_fit",
    "words_of",
]
