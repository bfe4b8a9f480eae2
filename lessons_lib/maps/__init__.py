"""More maps than the lessons derive: the family of Grad-CAM, gradients, masks, regions."""

from lessons_lib.maps.family import (
    FAMILY,
    ablation_cam,
    axiom_weights,
    eigen_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
    place_weighted_sum,
    plus_plus_weights,
    principal_weights,
    xgrad_cam,
)
from lessons_lib.maps.gradients import gradient_times_input, input_gradients, saliency, smooth_grad
from lessons_lib.maps.guided import guided_backpropagation, guided_grad_cam
from lessons_lib.maps.guided_ig import guided_integrated_gradients, guided_path
from lessons_lib.maps.occlusion import occlusion
from lessons_lib.maps.rise import rise
from lessons_lib.maps.xrai import merged, overlapping_regions, xrai

__all__ = [
    "FAMILY",
    "ablation_cam",
    "axiom_weights",
    "eigen_cam",
    "grad_cam_plus_plus",
    "gradient_times_input",
    "guided_backpropagation",
    "guided_grad_cam",
    "guided_integrated_gradients",
    "guided_path",
    "hires_cam",
    "input_gradients",
    "layer_cam",
    "merged",
    "occlusion",
    "overlapping_regions",
    "place_weighted_sum",
    "plus_plus_weights",
    "principal_weights",
    "rise",
    "saliency",
    "smooth_grad",
    "xgrad_cam",
    "xrai",
]
