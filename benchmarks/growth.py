"""How time and memory grow: with pictures, players, samples, trees, rows and pixels.

    python benchmarks/growth.py [--only TEXT] [--small]

For each of these, ours and, where they do the job, shap and lime, on the same model: from the
smallest size up, as long as a call takes less than ten seconds. A time is the best of three calls,
of one where it takes more than a second. Memory is how far the process's peak lies above what it
held before the first size. Each way has a process of its own, and does the smallest size once
before, so that nothing is compiled any more. The whole takes some minutes; leave the machine
alone meanwhile. Prints a Markdown table, and draws `benchmarks/growth.png`; `--small` takes the
three smallest sizes, and draws nothing.

The exponent is the slope of the time in logarithms, over the upper half of the sizes, where what a
call costs in any case no longer counts. Players are the exception: there each one more multiplies.
"""

import argparse
import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jobs.setting import PICTURES
from run import in_a_fresh_process, memory, timed

OURS = "lessons_lib"
TOO_LONG = 10  # seconds
Call = Callable[[], object]
Prepare = Callable[[int], Call]  # from a size to what is timed


class Axis(NamedTuple):
    """What grows: its sizes, and a preparation for each library."""

    sizes: tuple[int, ...]
    ways: dict[str, Callable[[], Prepare]]
    job: str


class Point(NamedTuple):
    """What one size took."""

    size: int
    seconds: float
    memory: float  # MiB


def grad_cam_of_pictures() -> Prepare:
    from lessons_lib import images, models
    from lessons_lib.grad_cam import grad_cam

    net, photo = models.load("mobilenet_v2"), images.course_image(PICTURES["mobilenet_v2"])

    def pictures(count: int) -> Iterator[np.ndarray]:
        return itertools.repeat(photo, count)

    return lambda count: lambda: grad_cam(net, pictures(count))


def grad_cam_of_pixels() -> Prepare:
    import keras

    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.network.classifier import Classifier

    layers = keras.layers

    def prepare(pixels: int) -> Call:
        side = round(pixels**0.5)
        model = keras.Sequential(
            [
                keras.Input((side, side, 3)),
                *(layers.Conv2D(16, 3, strides=2, activation="relu") for _ in range(3)),
                layers.GlobalAveragePooling2D(),
                layers.Dense(10),
            ]
        )
        net = Classifier(model, preprocess="tf", layer=model.layers[2].name)
        photo = np.random.default_rng(0).integers(0, 256, (side, side, 3)).astype("uint8")
        grad_cam(net, photo)  # compiled
        return lambda: grad_cam(net, photo)

    return prepare


def linear_game(players: int) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    weights = np.random.default_rng(0).normal(size=players)
    return weights, lambda Z: np.asarray(Z, float) @ weights


def our_exact_values() -> Prepare:
    from lessons_lib.shapley import exact

    return lambda players: functools.partial(exact, linear_game(players)[1], players)


def exact_values_of_shap() -> Prepare:
    import shap

    def prepare(players: int) -> Call:
        none, row = np.zeros((1, players)), np.ones((1, players))
        masker = shap.maskers.Independent(none, 1)
        explainer = shap.ExactExplainer(linear_game(players)[1], masker)
        return lambda: explainer(row, max_evals=2**players + 1)

    return prepare


def table() -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    X = np.random.default_rng(0).normal(size=(500, 10))
    return X, linear_game(10)[1]


def our_lime() -> Prepare:
    from lessons_lib.lime import local_surrogate, sample_table

    X, predict = table()
    return lambda samples: (
        lambda: local_surrogate(
            sample_table(lambda Z: predict(Z)[:, None], X[0], X, samples=samples)
        )
    )


def lime_of_lime() -> Prepare:
    from lime.lime_tabular import LimeTabularExplainer

    X, predict = table()
    explainer = LimeTabularExplainer(
        X, mode="regression", random_state=0, discretize_continuous=False
    )
    return lambda samples: (
        lambda: explainer.explain_instance(X[0], predict, num_samples=samples, num_features=10)
    )


def our_orders() -> Prepare:
    from lessons_lib.shapley import interventional, permutation_sampling

    X, predict = table()
    value = interventional(predict, X[0], X[1:51])
    return lambda orders: lambda: permutation_sampling(value, 10, orders, seed=0)


def orders_of_shap() -> Prepare:
    import shap

    X, predict = table()
    explainer = shap.PermutationExplainer(predict, shap.maskers.Independent(X[1:51], 50), seed=0)
    return lambda orders: lambda: explainer(X[:1], max_evals=21 * orders // 2, silent=True)


@functools.cache
def forest(trees: int) -> tuple[Any, np.ndarray]:
    from sklearn.ensemble import RandomForestRegressor

    rng = np.random.default_rng(0)
    X = rng.normal(size=(1000, 8))
    y = X[:, 0] * X[:, 1] + X[:, 2] + rng.normal(size=1000)
    return RandomForestRegressor(trees, max_depth=8, random_state=0).fit(X, y), X


def our_trees(trees: int = 0, rows: int = 0) -> Prepare:
    from lessons_lib.shapley import tree_shap

    def prepare(size: int) -> Call:
        model, X = forest(trees or size)
        return lambda: tree_shap(model, np.resize(X, (rows or size, 8)))

    return prepare


def trees_of_shap(trees: int = 0, rows: int = 0) -> Prepare:
    import shap

    def prepare(size: int) -> Call:
        model, X = forest(trees or size)
        return lambda: shap.TreeExplainer(model).shap_values(np.resize(X, (rows or size, 8)))

    return prepare


def tree_ways(**fixed: int) -> dict[str, Callable[[], Prepare]]:
    ways = {OURS: our_trees, "shap": trees_of_shap}
    return {name: functools.partial(way, **fixed) for name, way in ways.items()}


AXES = {
    "pictures": Axis(
        (1, 2, 5, 10, 20, 50, 100, 200), {OURS: grad_cam_of_pictures}, "Grad-CAM, MobileNetV2"
    ),
    "pixels": Axis(
        tuple((32 * 2**k) ** 2 for k in range(7)), {OURS: grad_cam_of_pixels},
        "Grad-CAM, three convolutions",
    ),
    "players": Axis(
        (2, 4, 6, 8, 10, 12, 14, 16, 18, 20),
        {OURS: our_exact_values, "shap": exact_values_of_shap}, "exact Shapley values",
    ),
    "samples": Axis(
        (100, 300, 1000, 3000, 10_000, 30_000, 100_000), {OURS: our_lime, "lime": lime_of_lime},
        "LIME, a table of 10 columns",
    ),
    "orders": Axis(
        (4, 10, 30, 100, 300, 1000, 3000), {OURS: our_orders, "shap": orders_of_shap},
        "permutation sampling, 10 columns",
    ),
    "trees": Axis(
        (1, 3, 10, 30, 100, 300),
        tree_ways(rows=10), "TreeSHAP, 10 rows",
    ),
    "rows": Axis(
        (1, 3, 10, 30, 100, 300, 1000, 3000),
        tree_ways(trees=10), "TreeSHAP, 10 trees",
    ),
}  # fmt: skip


def measured(name: str, way: str, sizes: tuple[int, ...]) -> list[Point]:
    """One way from the smallest size up; to be called in a fresh process."""
    prepare = AXES[name].ways[way]()
    prepare(sizes[0])()
    start, points = memory("VmRSS"), []
    for size in sizes:
        call = prepare(size)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
        seconds = timed(call)
        if seconds < 1:
            seconds = min(seconds, timed(call), timed(call))
        points.append(Point(size, seconds, max(0, memory("VmHWM") - start) / 1024))
        if seconds > TOO_LONG:
            break
    return points


def growth(name: str, points: list[Point]) -> str:
    """How the time depends on the size, as a formula."""
    upper = points[len(points) // 2 :] if len(points) > 3 else points
    sizes, seconds = (np.array([getattr(p, field) for p in upper]) for field in Point._fields[:2])
    if name == "players":
        return f"2^({np.polyfit(sizes, np.log2(seconds), 1)[0]:.2f} n)"
    return f"n^{np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}"


def picture(results: dict[str, dict[str, list[Point]]], path: Path) -> None:
    """Time above, memory below, a column for each axis."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(results), figsize=(2.6 * len(results), 5), layout="constrained", squeeze=False,
        sharex="col",
    )  # fmt: skip
    for column, (name, ways) in zip(axes.T, results.items(), strict=True):
        for way, points in ways.items():
            style = {OURS: "o-C0", "shap": "s--C1", "lime": "^:C2"}[way]
            for plot, field in zip(column, ("seconds", "memory"), strict=True):
                plot.plot(
                    [p.size for p in points], [getattr(p, field) for p in points], style, ms=4
                )
        column[0].set_title(f"{AXES[name].job}", fontsize=9)
        column[0].set_yscale("log")
        column[1].set_yscale("symlog", linthresh=1)
        column[1].set_ylim(0, 1.3 * max(2, *(p.memory for way in ways.values() for p in way)))
        column[1].set_xlabel(name)
        if name != "players":
            column[1].set_xscale("log")
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_ylabel("memory, MiB")
    for style, way in (("o-C0", OURS), ("s--C1", "shap"), ("^:C2", "lime")):
        axes[0, 0].plot([], [], style, ms=4, label=way)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="what grows, or a part of its name")
    parser.add_argument("--small", action="store_true", help="the three smallest sizes")
    wanted = parser.parse_args()

    results = {}
    print("| what grows | job | | from - to | seconds | memory, MiB | time grows as |")
    print("|---|---|---|---|---|---|---|")
    for name, axis in AXES.items():
        if wanted.only not in name:
            continue
        sizes = axis.sizes[: 3 if wanted.small else None]
        results[name] = {way: in_a_fresh_process(measured, name, way, sizes) for way in axis.ways}
        for way, points in results[name].items():
            first, last = points[0], points[-1]
            ours = way == OURS
            print(
                f"| {name if ours else ''} | {axis.job if ours else ''} | "
                f"{f'**{way}**' if ours else way} | {first.size:,} - {last.size:,} | "
                f"{first.seconds:.2g} - {last.seconds:.2g} | "
                f"{first.memory:.0f} - {last.memory:.0f} | {growth(name, points)} |",
                flush=True,
            )
    if not (wanted.small or wanted.only):
        picture(results, Path(__file__).parent / "growth.png")
    print("\n![Time and memory of each job against its size, in logarithms.](growth.png)")


if __name__ == "__main__":
    main()
