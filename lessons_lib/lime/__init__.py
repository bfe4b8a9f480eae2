"""LIME: one answer of any model, explained by a small linear model near it (lesson 04)."""

from lessons_lib.lime._explanation import Explanation, effective_samples, explain, k_lasso, kernel
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
    Fill,
    background,
    check_segments,
    hide,
    masked_scores,
    relabelled,
    superpixels,
)
from lessons_lib.lime._weighted_fit import Fit, checked_samples, weighted_fit

__all__ = [
    "IMAGE_SIGMA",
    "TABLE_SIGMA",
    "TEXT_SIGMA",
    "Explanation",
    "Fill",
    "Fit",
    "Neighbourhood",
    "background",
    "check_segments",
    "checked_samples",
    "cosine_distance",
    "coverage",
    "effective_samples",
    "explain",
    "hide",
    "importance",
    "k_lasso",
    "kernel",
    "masked_scores",
    "relabelled",
    "sample_image",
    "sample_table",
    "sample_text",
    "submodular_pick",
    "superpixels",
    "weighted_fit",
    "words_of",
]
