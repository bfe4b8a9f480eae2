"""Time of our Shapley values, beside bare model calls and the shap library's explainers.

    python benchmarks/shapley.py [--trees]

Each line is the median of interleaved runs: every run times all ways of a comparison once, in turn,
so that a busy machine slows them alike. A ratio is to the first line of its block. An error is the
largest distance from the exact values, for random methods its mean over the runs, each with a seed
of its own. With `--trees`, only TreeSHAP is measured, beside shap's TreeExplainer.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shap
from sklearn.ensemble import (
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from lessons_lib import tables
from lessons_lib.shapley import coalitions, exact, interventional, permutation_sampling, tree_shap
from lessons_lib.shapley._value_functions import CHUNK

RUNS = 7
BACKGROUND = 50
ROUNDS = 20  # pairs of orders


def interleaved(ways: Sequence[Callable[[int], Any]]) -> tuple[list[list[float]], list[list[Any]]]:
    """Seconds and results of each run of each way; one run to warm up is not counted.

    A way is called with the number of the run, for its seed.
    """
    for way in ways:
        way(0)
    seconds: list[list[float]] = [[] for _ in ways]
    results: list[list[Any]] = [[] for _ in ways]
    for run in range(RUNS):
        for i, way in enumerate(ways):
            start = time.perf_counter()
            results[i].append(way(run))
            seconds[i].append(time.perf_counter() - start)
    return seconds, results


def bare_calls(model: Any, x: np.ndarray, background: np.ndarray) -> Callable[[int], None]:
    """The model on all mixed rows, which are made beforehand."""
    Z = coalitions(len(x))[:, None, :]
    rows = np.where(Z, x, background).reshape(-1, len(x))
    chunk = CHUNK // background.size * len(background)
    chunks = [rows[i : i + chunk] for i in range(0, len(rows), chunk)]

    def call(_: int) -> None:
        for part in chunks:
            model(part)

    return call


def line(
    name: str,
    seconds: list[float],
    base: list[float],
    results: Sequence[Any] = (),
    truth: Any = None,
) -> None:
    """Print one row: the ratio is the median of the runs' own ratios."""
    ratio = statistics.median(a / b for a, b in zip(seconds, base, strict=True))
    errors = [np.abs(result - truth).max() for result in results]
    accuracy = f"{np.mean(errors):.1e}" if errors else ""
    print(f"| {name} | {statistics.median(seconds):.3f} | {ratio:.2f} | {accuracy} |")


def of_a_game() -> None:
    """15 players of a vectorised game, against its closed form."""
    pairs = np.random.default_rng(0).normal(size=(15, 15))

    def game(Z: np.ndarray) -> np.ndarray:
        return np.einsum("ki,ij,kj->k", Z * 1.0, pairs, Z * 1.0, optimize=True)

    (seconds,), (found,) = interleaved([lambda _: exact(game, 15)])
    truth = (pairs + pairs.T).sum(axis=0) / 2
    line("exact, 15 players of a vectorised game", seconds, seconds, found, truth)


def of_a_model(name: str, model: Any, x: np.ndarray, background: np.ndarray) -> None:
    """Exact and sampled values of a model, beside bare calls of it and the shap library."""
    value = interventional(model, x, background)
    masker = shap.maskers.Independent(background, len(background))
    explainer = shap.ExactExplainer(model, masker)
    (bare, ours, theirs), (_, phi, phi_shap) = interleaved(
        [
            bare_calls(model, x, background),
            lambda _: exact(value, len(x)),
            lambda _: explainer(x[None]).values[0],
        ]
    )
    line(f"{name}: bare model calls", bare, bare)
    line("- exact", ours, bare, phi, phi_shap[0])
    line("- shap's ExactExplainer", theirs, bare, phi_shap, phi[0])

    def permutation_explainer(seed: int) -> np.ndarray:
        sampler = shap.PermutationExplainer(model, masker, seed=seed)
        budget = (2 * len(x) + 1) * ROUNDS
        return sampler(x[None], max_evals=budget, silent=True).values[0]

    (ours, theirs), (sampled, sampled_shap) = interleaved(
        [
            lambda run: permutation_sampling(value, len(x), 2 * ROUNDS, seed=run).phi,
            permutation_explainer,
        ]
    )
    line(f"{name}: permutation_sampling, {2 * ROUNDS} orders", ours, ours, sampled, phi[0])
    line("- shap's PermutationExplainer, as many", theirs, ours, sampled_shap, phi[0])


def of_twenty_players() -> None:
    """What is beyond the values themselves, which are a table here."""
    values = np.random.default_rng(0).normal(size=2**20)
    (seconds,), _ = interleaved([lambda _: exact(lambda Z: values, 20)])
    line("exact, 20 players, values in a table", seconds, seconds)


def of_trees() -> None:
    """Forests of 100 trees by default: from the fitted model to the values, one thread each."""
    print("\n| TreeSHAP, 100 trees | rows | lessons_lib, s | shap, s | ratio | differ by |")
    print("|---|---|---|---|---|---|")
    for fitted, columns in ((1_000, 8), (1_000, 30), (10_000, 8)):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(fitted, columns))
        y = X[:, 0] * X[:, 1] + X[:, 2] + 0.1 * rng.normal(size=fitted)
        for kind, goal in ((RandomForestRegressor, y), (RandomForestClassifier, y > 0)):
            model = kind(random_state=0).fit(X, goal)
            name = f"{kind.__name__}, {columns} columns, {fitted:,} fitted"
            for background in (None, X[:100]):
                for rows, runs in ((5, RUNS), (100, 3)):
                    beside_shap(name, model, X[:rows], background, runs)
    print(
        f"\nOne thread each, from the fitted model to the values; medians of {RUNS} runs in turn "
        "for 5 rows, of 3 for 100."
    )


def beside_shap(
    name: str, model: Any, X: np.ndarray, background: np.ndarray | None, runs: int
) -> None:
    """One line of the table."""
    how = "tree_path_dependent" if background is None else "interventional"

    def theirs() -> np.ndarray:
        explainer = shap.TreeExplainer(model, background, feature_perturbation=how)
        return explainer.shap_values(X, check_additivity=False)

    tree_shap(model, X[:1], background)  # compiles
    seconds: list[tuple[float, float]] = []
    for _ in range(runs):
        start = time.perf_counter()
        phi = tree_shap(model, X, background).phi
        between = time.perf_counter()
        expected = theirs()
        seconds.append((between - start, time.perf_counter() - between))
    ours, other = (statistics.median(way) for way in zip(*seconds, strict=True))
    ratio = statistics.median(a / b for a, b in seconds)
    what = "path-dependent" if background is None else "interventional, 100 background rows"
    print(
        f"| {name}, {what} | {len(X)} | {ours:.3f} | {other:.3f} | {ratio:.2f} "
        f"| {np.abs(phi - expected).max():.1e} |",
        flush=True,
    )


def main() -> None:
    if "--trees" in sys.argv:
        of_trees()
        return
    boston = tables.course_table("boston")
    background = boston.X[:: len(boston.X) // BACKGROUND][:BACKGROUND]
    print("| what | seconds | ratio | error |\n|---|---|---|---|")
    of_a_game()
    of_twenty_players()
    for kind in (GradientBoostingRegressor, RandomForestRegressor):
        model = kind(random_state=0).fit(boston.X, boston.y)
        of_a_model(f"{kind.__name__}, 12 columns", model.predict, boston.X[0], background)
        # The hardest case: where no background row has a value of x's, nothing can be saved.
        apart = background + 1e-3
        of_a_model(f"{kind.__name__}, none in common", model.predict, boston.X[0], apart)
    print(
        "\nRows that are equal are asked once. Finding them takes about as long as the boosted "
        "model itself, which is unusually fast; with a forest it saves time where rows share "
        "values."
    )
    of_trees()


if __name__ == "__main__":
    main()
