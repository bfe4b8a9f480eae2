"""Pictures of explanations.

What every lesson draws stands here; what one lesson needs besides, its drawing above all, in a
room of its own (`plotting.lime`, `plotting.tables`, `plotting.grad_cam`...).
"""

from lessons_lib.basics.scaling import normalise
from lessons_lib.plotting import (
    attributions,
    cam,
    comparison,
    gallery_of_maps,
    grad_cam,
    integrated_gradients,
    judging,
    lime,
    score_cam,
    shap_in_practice,
    shapley,
    tables,
    transformers,
    your_network,
)
from lessons_lib.plotting.layers import compare_layers
from lessons_lib.plotting.lines import curves
from lessons_lib.plotting.pictures import colour, explanation, gallery, overlay, show, slide
from lessons_lib.plotting.style import AGAINST, CMAP, FOR, FOR_AGAINST
from lessons_lib.plotting.superpixels import superpixel_weights

__all__ = [
    "AGAINST",
    "CMAP",
    "FOR",
    "FOR_AGAINST",
    "attributions",
    "cam",
    "colour",
    "compare_layers",
    "comparison",
    "curves",
    "explanation",
    "gallery",
    "gallery_of_maps",
    "grad_cam",
    "integrated_gradients",
    "judging",
    "lime",
    "normalise",
    "overlay",
    "score_cam",
    "shap_in_practice",
    "shapley",
    "show",
    "slide",
    "superpixel_weights",
    "tables",
    "transformers",
    "your_network",
]
