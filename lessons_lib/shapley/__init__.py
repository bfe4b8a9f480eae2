"""Shapley values: what each player brings to a game that is played together (lesson 05)."""

from lessons_lib.shapley._definition import (
    MAX_EXACT,
    Value,
    check_players,
    coalitions,
    distinct_rows,
    exact,
    interactions,
    marginal_contributions,
    subset_weights,
    values_of,
)
from lessons_lib.shapley._games import TableGame, table_game
from lessons_lib.shapley._sampling import (
    Estimate,
    KernelEstimate,
    kernel_estimate,
    kernel_shap,
    kernel_weights,
    permutation_sampling,
)
from lessons_lib.shapley._trees import TreeValues, tree_shap
from lessons_lib.shapley._value_functions import conditional, interventional

__all__ = [
    "MAX_EXACT",
    "Estimate",
    "KernelEstimate",
    "TableGame",
    "TreeValues",
    "Value",
    "check_players",
    "coalitions",
    "conditional",
    "distinct_rows",
    "exact",
    "interactions",
    "interventional",
    "kernel_estimate",
    "kernel_shap",
    "kernel_weights",
    "marginal_contributions",
    "permutation_sampling",
    "subset_weights",
    "table_game",
    "tree_shap",
    "values_of",
]
