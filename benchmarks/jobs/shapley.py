"""Jobs of the room shapley."""

import numpy as np

from jobs.setting import FLOOR, Ways, job, table_model


def shapley_job(kind: str) -> Ways:
    """Ten columns against 50 background rows."""
    import shap

    from lessons_lib.shapley import (
        coalitions,
        exact,
        interventional,
        kernel_shap,
        permutation_sampling,
    )

    forest, X = table_model()
    x, background = X[0], X[5:505:10]
    orders = 20
    value = interventional(forest.predict, x, background)
    masker = shap.maskers.Independent(background, len(background))
    count = 2**10 if kind != "permutation" else orders * 9 + 2
    Z = np.random.default_rng(0).permutation(coalitions(10))[:count, None, :]
    rows = np.where(Z, x, background).reshape(-1, 10)
    exact_explainer = shap.ExactExplainer(forest.predict, masker)
    kernel_explainer = shap.KernelExplainer(forest.predict, background)
    random_explainer = shap.PermutationExplainer(forest.predict, masker, seed=0)
    ours, theirs = {
        "exact": (
            lambda: exact(value, 10),
            lambda: exact_explainer(x[None]),
        ),
        "kernel": (
            lambda: kernel_shap(value, 10),
            lambda: kernel_explainer.shap_values(x, nsamples=2**10 - 2, silent=True),
        ),
        "permutation": (
            lambda: permutation_sampling(value, 10, orders, seed=0),
            lambda: random_explainer(x[None], max_evals=21 * orders // 2, silent=True),
        ),
    }[kind]
    return {FLOOR: lambda: forest.predict(rows), "lessons_lib": ours, "shap": theirs}


job("KernelSHAP, all coalitions of 10 columns")(lambda: shapley_job("kernel"))


job("exact Shapley values of 10 columns")(lambda: shapley_job("exact"))


job("Shapley values from 20 orders of 10 columns")(lambda: shapley_job("permutation"))
