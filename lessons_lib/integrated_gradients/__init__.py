"""Integrated Gradients: gradients gathered along a path from a baseline (lesson 06)."""

from lessons_lib.integrated_gradients._attribution import (
    Attribution,
    integrate,
    integrated_gradients,
)
from lessons_lib.integrated_gradients._expected import expected_gradients
from lessons_lib.integrated_gradients._path import (
    Path,
    along_path,
    classifier_functions,
    interpolate,
)
from lessons_lib.integrated_gradients._quadrature import (
    OPEN_PANELS,
    PANEL_FACTOR,
    PANEL_STEPS,
    RULES,
    Ends,
    Panel,
    adaptive,
    nodes_and_weights,
    panel_rule,
)

__all__ = [
    "OPEN_PANELS",
    "PANEL_FACTOR",
    "PANEL_STEPS",
    "RULES",
    "Attribution",
    "Ends",
    "Panel",
    "Path",
    "adaptive",
    "along_path",
    "classifier_functions",
    "expected_gradients",
    "integrate",
    "integrated_gradients",
    "interpolate",
    "nodes_and_weights",
    "panel_rule",
]
