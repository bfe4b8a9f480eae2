# ruff: noqa: C408  (dict(x=...) reads like the call that it stands for)
"""Every public function of the numerical modules: the result is right, or the error is clear.

Each function is called with good arguments, which must work, and with one odd argument among good
ones, which may be refused, by an error that our own code raises. Whatever happens, no number of the
result is NaN or infinite, and nothing is changed: no argument, no network, no global random state.
"""

import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import random
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

import lessons_lib
from lessons_lib import (
    baselines,
    cam,
    digits,
    grad_cam,
    images,
    judging,
    lime,
    maps,
    methods,
    plotting,
    report,
    score_cam,
    shapley,
    transformers,
)
from lessons_lib import integrated_gradients as ig
from lessons_lib.judging import road, robustness
from lessons_lib.maps.occlusion import inside, windows
from lessons_lib.maps.rise import grids_and_shifts, random_masks
from lessons_lib.network.asking import Network
from lessons_lib.network.bfloat16 import bfloat16
from lessons_lib.network.black_box import BlackBox
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.counter import counted
from lessons_lib.network.labels import as_names, class_index, class_indices, labels_for
from tests.networks import SIZE, classifier, gap_net, transformer_net

EXAMPLES = {"numbers": 60, "network": 20, "compiles": 4}  # of each function, by what a call costs


# What is passed in


@dataclasses.dataclass(frozen=True)
class Kind:
    """What an argument may be: what must work, and what may be refused."""

    good: st.SearchStrategy
    odd: st.SearchStrategy = dataclasses.field(default_factory=st.nothing)

    def __or__(self, other: "Kind") -> "Kind":
        return Kind(self.good | other.good, self.odd | other.odd)


def changed(array: np.ndarray) -> st.SearchStrategy:
    """Other values, types and shapes. A float32 can hold the cube of the largest value."""
    a = np.asarray(array, float)
    first = np.arange(a.size).reshape(a.shape) == 0
    values = [0 * a, 0 * a + 3, 1e-40 * a, 1e12 * a, -np.abs(a)]
    values += [np.where(first, bad, a) for bad in (np.nan, np.inf, -np.inf)]
    types = [a.astype(kind) for kind in ("float16", "float32", "int64", "bool", "object", "str")]
    types += [np.abs(a).astype("uint8"), array.tolist(), tuple(array.tolist())]
    shapes = [a[:0], a[..., :0], a.ravel()[:1].reshape((1,) * a.ndim), a.ravel(), a[None], a.T]
    shapes += [a[..., :-1], a[:1], np.float64(3), np.zeros((1,) * 5), [], [[1.0, 2.0], [3.0]]]
    return st.sampled_from([*values, *types, *shapes, None, "nonsense"])


def numbers(*shape: int, low: float = -9, high: float = 9) -> Kind:
    def make(seed: int, kind: str) -> np.ndarray:
        return np.random.default_rng(seed).uniform(low, high, shape).astype(kind)

    arrays = st.builds(make, st.integers(0, 99), st.sampled_from(["float32", "float64"]))
    return Kind(arrays | arrays.map(np.ndarray.tolist), changed(make(0, "float64")))


def like(array: np.ndarray) -> Kind:
    return Kind(st.just(array), changed(array))


def whole(low: int, high: int) -> Kind:
    odd = [0, -1, -7, 2.5, True, None, "two", np.nan, np.int64(low)]
    return Kind(st.integers(low, high), st.sampled_from(odd))


def real(low: float, high: float) -> Kind:
    odd = [0, -1.0, 1e12, 1e-40, np.nan, np.inf, -np.inf, None, "half", np.float32(low)]
    return Kind(st.floats(low, high), st.sampled_from(odd))


def one_of(*good: object, odd: tuple = ("", "nonsense", None, 3, True)) -> Kind:
    return Kind(st.sampled_from(good), st.sampled_from(odd))


def fixed(value: object) -> Kind:
    return Kind(st.just(value))


def game(seed: int) -> Callable:
    return lambda Z: np.sin(seed + Z @ np.arange(1.0, Z.shape[1] + 1) ** 2)


NETWORK = classifier(gap_net())
BOX = BlackBox(lambda x: NETWORK.model(x).numpy(), None, (SIZE, SIZE), ending="probabilities")
RNG = np.random.default_rng(0)
PHOTO = RNG.uniform(0, 255, (SIZE, SIZE, 3)).astype("float32")
SMALL = PHOTO[:9, :7].astype("uint8")
SEGMENTS = np.add.outer(np.arange(SIZE) // 8 * 2, np.arange(SIZE) // 8)  # four squares
Z = RNG.integers(0, 2, (6, 4))
Z[0] = 1
TREE = DecisionTreeRegressor(random_state=0).fit(RNG.normal(size=(30, 3)), RNG.normal(size=30))
MASKED = score_cam.MaskedScores(
    RNG.random((2, 2, 3)), np.arange(3), RNG.random(3), RNG.random(3), 0.5, 0.5, 0
)

FLAG = fixed(True) | fixed(False)
SIZES = one_of((3, 8), [9, 2], odd=(None, 3, (0, 2), (2.5, 1), (-1, 4), ("a", "b")))
NET = fixed(NETWORK)
ASKED = NET | fixed(BOX)  # by what only asks
ONE = like(PHOTO) | fixed(SMALL) | fixed(PHOTO[None])
MANY = ONE | fixed(np.stack([PHOTO, 255 - PHOTO])) | fixed([PHOTO, SMALL])
TARGET = one_of(0, 2, "class 1", odd=(-1, 3, True, 1.5, "nonsense", np.nan, [0, 1, 2], np.array(1)))
TARGETS = TARGET | one_of(None, odd=([], np.array([1.0]), np.array(["class 1"])))
LAYER = one_of(None, "features", odd=("first", "nonsense", "", 3, "dense"))
BASELINE = like(PHOTO) | one_of(
    "black", "blurred", "noise", "mean", 9.5, (1, 2, 3), SMALL,
    odd=("", "nonsense", None, -1, 256, np.nan, (1, 2), [[1], 2]),
)  # fmt: skip
OR_ZERO = BASELINE | fixed("zero")  # not for a black box
HEAT = numbers(5, 4)
POSITIVE = numbers(12, 11, low=0)
REGIONS = like(SEGMENTS) | fixed(SEGMENTS.tolist()) | fixed(SEGMENTS.astype("uint8"))
SHOWN = like(Z) | fixed(Z.astype(bool)) | fixed(Z.tolist())
GAME = Kind(st.integers(0, 99).map(game), st.sampled_from([
    np.sum, lambda Z: np.full(len(Z), np.nan), lambda Z: None, lambda Z: ["x"] * len(Z),
]))  # fmt: skip
MODEL = Kind(
    st.just(lambda inputs: [len(str(i)) for i in inputs]),
    st.sampled_from(
        [len, lambda i: np.full(len(i), np.inf), lambda i: None, lambda i: ["x"] * len(i)]
    ),
)
METHOD = Kind(
    st.sampled_from([*methods.METHODS.values(), *methods.CONTROLS.values()]),
    st.sampled_from([
        lambda c, x, k: x[..., 0] + np.nan, lambda c, x, k: x[0, ..., 0], lambda c, x, k: None,
        lambda c, x, k: x[:, :0, :, 0], lambda c, x, k: "nonsense", lambda c, x, k: [[1], [2, 3]],
    ]),
)  # fmt: skip
METHOD_OF_ONES_OWN = {"mean": lambda c, x, k: x.mean(axis=-1)}
A, GRADIENT, WEIGHTS = numbers(2, 3, 4, 5), numbers(2, 3, 4, 5), numbers(2, 5)
NEIGHBOURS = st.builds(
    lime.Neighbourhood, SHOWN.good, numbers(6, 2).good, numbers(6, low=0, high=1).good,
    st.just(("a", "b", "c", "d")), st.floats(0.3, 2),
)  # fmt: skip


def one_field_odd(name: str, values: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(lambda n, value: n._replace(**{name: value}), NEIGHBOURS, values)


AROUND = Kind(
    NEIGHBOURS,
    one_field_odd("Z", changed(Z))
    | one_field_odd("scores", numbers(6, 2).odd)
    | one_field_odd("distance", numbers(6, low=0).odd)
    | one_field_odd("names", st.just(("a",)))
    | one_field_odd("sigma", real(1, 2).odd),
)
REMOVED = fixed(
    robustness.Removals(RNG.random((5, 8, 8)) < 0.5, np.ones((8, 8, 3)), RNG.normal(size=5))
)

ODD_SIDES = (0, 17, -1, 2.5, "x", (2, 2, 2), (3, None), True)
SIDES = one_of(None, 3, 16, (2, 5), odd=ODD_SIDES)

MAP = dict(classifier=NET, images=MANY, target=TARGETS)
AT_LAYER = MAP | dict(layer=LAYER)
CURVE = dict(classifier=ASKED, image=ONE, heat=HEAT, target=TARGET)
STEPS = dict(
    rule=one_of("adaptive", "midpoint"), num_steps=whole(3, 9), tolerance=real(0.1, 1),
    panel_tolerance=one_of(None, 0.5, odd=(0, -1, "x")), max_steps=whole(8, 20),
    batch_size=whole(1, 9),
)  # fmt: skip
POLARITY = one_of("positive", "negative", "both")
CLIPPED = dict(
    clip_above_percentile=real(90, 100), clip_below_percentile=real(0, 80), lower_end=real(0, 1)
)
MASK = Kind(st.just(SEGMENTS == 1), changed(SEGMENTS == 1)) | fixed((SEGMENTS == 1).tolist())
TOKENS = fixed(Classifier(transformer_net(True, 1, (SIZE, SIZE))))
GRID = one_of(None, (4, 4), [4, 4], odd=((4, 5), (4,), (0, 4), (-4, -4), (2.5, 4), 16, "x"))
OF_TOKENS = dict(classifier=TOKENS, images=MANY, grid=GRID)
PLACES = dict(heat=numbers(SIZE, SIZE), inside=MASK)

# What is called, and with what

OF_NUMBERS: dict[Callable, dict[str, Kind]] = {
    baselines.make_baseline: dict(
        baseline=BASELINE, x=fixed(PHOTO), segments=REGIONS | fixed(None), rng=fixed(RNG)
    ),
    class_index: dict(labels=fixed(("class 0", "class 1", "class 2")), target=TARGET),
    as_names: dict(
        labels=one_of(["a", "b"], {"a": 1, "b": 0}, None, odd=(3, "ab", [], {"a": 5}, {3: "b"}))
    ),
    labels_for: dict(
        names=one_of(("a", "b"), (), odd=(("a",), ("a", "b", "c"))), count=fixed(2), one_unit=FLAG,
        numbers=FLAG,
    ),
    class_indices: dict(
        labels=fixed(("class 0", "class 1", "class 2")), target=TARGET, pictures=fixed(3)
    ),
    cam.class_map: dict(A=A, w=WEIGHTS),
    maps.plus_plus_weights: dict(A=A, gradient=GRADIENT),
    maps.place_weighted_sum: dict(A=A, weights=GRADIENT),
    maps.axiom_weights: dict(A=A, gradient=GRADIENT),
    maps.principal_weights: dict(A=A),
    judging.median: dict(values=numbers(6), confidence=real(0.1, 0.9)),
    judging.hits: dict(
        values=one_of([1, 0, 1], [True] * 4, odd=([0.5], [2], [])), confidence=real(0.1, 0.9)
    ),
    judging.sign_flip: dict(differences=numbers(6)),
    judging.paired: dict(one=numbers(6), other=numbers(6)),
    judging.holm: dict(p=numbers(4, low=0, high=1)),
    judging.pictures_needed: dict(
        difference=real(0.1, 2), spread=real(0.1, 2), power=real(0.1, 0.9), alpha=real(0.01, 0.2)
    ),
    judging.average_drop: dict(Y=numbers(4, low=0, high=1), O=numbers(4, low=0, high=1)),
    judging.average_increase: dict(Y=numbers(4, low=0, high=1), O=numbers(4, low=0, high=1)),
    judging.ranks: dict(heat=HEAT, size=SIZES),
    judging.rank_correlation: dict(a=HEAT, b=HEAT),
    grad_cam.alpha: dict(gradient=GRADIENT),
    grad_cam.weighted_sum: dict(A=A, alpha=WEIGHTS),
    plotting.attributions.per_pixel: dict(phi=numbers(5, 4, 3)),
    plotting.attributions.apply_polarity: dict(heat=HEAT, polarity=POLARITY),
    plotting.attributions.threshold: dict(heat=POSITIVE, percentage=real(0, 100)),
    plotting.attributions.scale: dict(heat=POSITIVE, **CLIPPED),
    plotting.attributions.clean_up: dict(heat=POSITIVE, size=whole(1, 9)),
    plotting.attributions.outlines: dict(heat=POSITIVE, percentage=real(0, 100), size=whole(1, 9)),
    plotting.attributions.visualise: dict(
        image=ONE, phi=numbers(12, 11, 3), polarity=POLARITY, structure=whole(1, 5), overlay=FLAG,
        morphological_cleanup=FLAG, draw_outlines=FLAG, outlines_percentage=real(0, 100), **CLIPPED,
    ),
    images.as_batch: dict(
        images=MANY, channels=one_of(3, odd=(1, 5)),
        value_range=one_of((0.0, 255.0), (-1024.0, 3071.0), odd=((0.0, 1.0),)),
    ),
    images.one_picture: dict(image=ONE),
    images.for_screen: dict(
        image=ONE | fixed(PHOTO[..., 0]), channels=fixed(None),
        value_range=one_of((0.0, 255.0), (-1024.0, 3071.0), odd=((0.0, 1.0),)),
    ),
    images.value_range_of: dict(value_range=one_of(
        (0, 1), [-1024, 3071], odd=(None, 3, (1, 0), (0, 0), (0, np.nan), "nonsense", (0, 1, 2)),
    )),
    images.resize: dict(image=numbers(5, 4) | numbers(5, 4, 1), size=SIZES),
    images.mosaic: dict(images=one_of([SMALL] * 4, odd=(None, 3, [], [SMALL])), tile=SIZES),
    images.course_image: dict(name=one_of("panda", odd=("pand", "", None, 3))),
    lime.kernel: dict(distance=numbers(6, low=0), sigma=real(0.1, 9)),
    lime.effective_samples: dict(pi_x=numbers(6, low=0)),
    lime.local_surrogate: dict(
        neighbourhood=AROUND, target=whole(0, 1), sigma=real(0.5, 9), features=whole(1, 5),
        ridge=real(0, 9),
    ),
    lime.held_out: dict(
        neighbourhood=AROUND, target=whole(0, 1), sigma=real(0.5, 9), features=whole(1, 5),
        ridge=real(0, 9), folds=whole(2, 5),
    ),
    lime.k_lasso: dict(
        Z=SHOWN, y=numbers(6), pi_x=numbers(6, low=0.1), features=whole(1, 5)
    ),
    judging.pointing_game: PLACES,
    judging.energy_inside: PLACES,
    judging.intersection_over_union: PLACES,
    judging.top_share_inside: PLACES | dict(top=real(0.01, 1)),
    judging.hottest: dict(heat=HEAT, size=whole(1, 20)),
    lime.sample_table: dict(
        predict=MODEL, row=numbers(3), data=numbers(7, 3), samples=whole(2, 9),
        names=one_of(None, ["a", "b", "c"], odd=(["a"], "nonsense")),
        categories=one_of(None, [], [0, 2], odd=([3], ["a"], [None])),
        sampler=one_of("around", "mean", "quartiles", odd=("coin", None)),
    ),
    lime.sample_text: dict(
        predict=MODEL, text=one_of("a good film", odd=("", "...", None, 3, b"film")),
        samples=whole(2, 9), sampler=one_of("library", "paper", odd=("coin", None)),
        tokenize=one_of(None, str.split, odd=(str.upper, lambda text: [3])),
    ),
    lime.words_of: dict(text=one_of("a good film", "", odd=("映画",))),
    lime.cosine_distance: dict(Z=SHOWN),
    ig.interpolate: dict(x=HEAT, baseline=HEAT, alpha=numbers(3, low=0, high=1)),
    plotting.normalise: dict(heat=HEAT),
    plotting.colour: dict(heat=HEAT, cmap=one_of("inferno", "jet")),
    plotting.overlay: dict(image=ONE, heat=HEAT, opacity=real(0, 1), look=one_of("heat", "jet")),
    plotting.pictures.stretched: dict(found=HEAT, image=ONE),
    ig.nodes_and_weights: dict(
        rule=one_of(*ig.RULES), num_steps=one_of(3, 9, odd=(0, 2.5, "x"))
    ),
    ig.panel_rule: dict(intervals=numbers(3, 2)),
    ig.adaptive: dict(
        measure=fixed(lambda some: [ig.Panel(a, b, np.ones(2), 0.1) for a, b in some]),
        num_steps=whole(1, 9), max_steps=whole(1, 40), allowed=real(0, 9),
        allowed_apart=real(0, 9),
    ),
    road.imputed: dict(image=numbers(SIZE, SIZE, 2), missing=MASK, noise=real(0, 9)),
    robustness.infidelity: dict(heat=HEAT, found=REMOVED),
    robustness.noise: dict(sigma=real(0, 9)),
    robustness.shift: dict(pixels=whole(-3, 3)),
    robustness.brightness: dict(factor=real(0, 9)),
    windows: dict(size=SIZES, window=one_of(None, 1, (2, 1), odd=ODD_SIDES), stride=fixed(None)),
    inside: dict(starts=fixed(np.array([[0, 1], [2, 2]])), sides=fixed((2, 1)), size=fixed((4, 3))),
    grids_and_shifts: dict(
        size=SIZES, samples=whole(2, 9), cells=whole(1, 2), p=real(0.1, 0.9)
    ),
    random_masks: dict(
        grids=fixed(RNG.random((3, 2, 2)) < 0.5), shifts=fixed(np.zeros((3, 2), int)),
        size=fixed((5, 4)),
    ),
    maps.guided_path: dict(
        gradient=fixed(np.sin), x=numbers(4), baseline=numbers(4), num_steps=whole(1, 9),
        fraction=real(0.1, 1), max_distance=real(0, 1),
    ),
    maps.merged: dict(
        heat=numbers(SIZE, SIZE), masks=fixed(np.array([SEGMENTS == 0, SEGMENTS < 2])),
        min_pixels=whole(1, 9),
    ),
    maps.overlapping_regions: dict(
        image=fixed(PHOTO), scales=fixed((50, 200)), radius=whole(0, 3)
    ),
    score_cam.varied_channels: dict(A=numbers(3, 4, 5), max_channels=whole(1, 9) | fixed(None)),
    score_cam.channel_weights: dict(
        found=fixed(MASKED), scores=one_of("logit", "probability"),
        weights=one_of("softmax", "increase")
    ),
    shapley.table_game: dict(
        rewards=one_of({"": 0, "A": 1, "B": 2, "AB": 5}, odd=(
            {}, {"": 0}, None, 3, {"": 0, "A": None}, {"": 0, "A": "x"}, {"": 0, "A": np.nan},
            {3: 1}, {"": 0, "A": 1, "B": 2, "AB": 5, "BA": 6}, {"": 0, "A": 1, "AB": 3},
        ))
    ),
    shapley.coalitions: dict(n=whole(1, 5)),
    shapley.exact: dict(value=GAME, n=whole(1, 5)),
    shapley.subset_weights: dict(n=whole(1, 5)),
    shapley.marginal_contributions: dict(
        value=GAME, orders=like(np.argsort(RNG.random((4, 3)), axis=1))
    ),
    shapley.interactions: dict(value=GAME, n=whole(2, 5)),
    shapley.check_players: dict(n=whole(1, 5)),
    shapley.values_of: dict(value=GAME, Z=fixed(shapley.coalitions(3))),
    shapley.permutation_sampling: dict(
        value=GAME, n=whole(1, 5), permutations=one_of(4, 6, odd=(0, 5, -2, 4.5, "x", None)),
        antithetic=FLAG
    ),
    shapley.kernel_weights: dict(n=whole(1, 5)),
    shapley.kernel_shap: dict(
        value=GAME, n=whole(1, 5), samples=whole(10, 40) | fixed(None)
    ),
    shapley.kernel_estimate: dict(
        value=GAME, n=whole(1, 5), samples=whole(22, 40) | fixed(None)
    ),
    lime.importance: dict(W=numbers(4, 3)),
    lime.coverage: dict(
        W=numbers(4, 3), picks=one_of([], [0, 3], odd=([-1], [4], [0.5], ["x"], [None]))
    ),
    lime.submodular_pick: dict(W=numbers(4, 3), budget=whole(1, 9)),
    lime.superpixels: dict(image=like(PHOTO), method=one_of("slic", "quickshift")),
    lime.relabelled: dict(segments=REGIONS),
    lime.hide: dict(image=like(PHOTO), baseline=like(PHOTO), segments=REGIONS, Z=SHOWN),
    shapley.tree_shap: dict(
        model=one_of(TREE, odd=(None, DecisionTreeRegressor)), X=numbers(4, 3),
        background=numbers(5, 3) | fixed(None),
    ),
    shapley.interventional: dict(model=fixed(len), x=numbers(3), background=numbers(7, 3)),
    shapley.conditional: dict(model=MODEL, x=numbers(3), data=numbers(7, 3)),
    lime.weighted_fit: dict(
        Z=numbers(7, 3), y=numbers(7) | numbers(7, 2), weights=numbers(7, low=0.1),
        ridge=real(0, 9), intercept=FLAG, constraint=fixed(None) | Kind(
            st.tuples(numbers(3).good, st.floats(-9, 9)),
            st.tuples(numbers(3).odd, st.just(1.0)) | st.tuples(numbers(3).good, numbers(4).odd),
        ),
    ),
    lime.checked_samples: dict(Z=numbers(7, 3), y=numbers(7), weights=numbers(7, low=0.1)),
    digits.pictures: dict(
        n=whole(1, 3), digits=one_of(0, 1, 2, odd=(3, -1, True, 1.5, None, "two")), held_out=FLAG,
    ),
    transformers.token_grid: dict(
        tokens=whole(17, 20), input_size=SIZES, first=whole(0, 1),
        grid=one_of((4, 4), [4, 4], odd=((4, 5), (4,), (0, 4), (2.5, 4), 16, "x")),
    ),
}  # fmt: skip

OF_A_NETWORK: dict[Callable, dict[str, Kind]] = {
    Network.prepare: dict(self=ASKED, images=MANY),
    Network.checked: dict(self=ASKED, images=MANY),
    Network.shown: dict(self=ASKED, images=MANY),
    Network.prepare_one: dict(self=ASKED, image=ONE),
    Network.baseline: dict(
        self=ASKED, images=MANY, baseline=BASELINE, segments=REGIONS | fixed(None)
    ),
    Network.logits: dict(self=ASKED, images=MANY),
    Network.probabilities: dict(self=ASKED, images=MANY),
    Network.top: dict(self=ASKED, image=ONE, k=whole(1, 9)),
    Network.class_index: dict(self=ASKED, target=TARGET),
    Network.targets: dict(self=ASKED, target=TARGETS, logits=fixed(np.eye(3)[:1])),
    Network.chosen: dict(self=ASKED, x=fixed(PHOTO[None]), target=TARGETS),
    Classifier.activations: dict(self=NET, images=MANY, layer=LAYER),
    Classifier.gradients: dict(self=NET, images=MANY, target=TARGETS, layer=LAYER),
    cam.cam: AT_LAYER,
    cam.linear_head: dict(classifier=NET, layer=LAYER),
    maps.grad_cam_plus_plus: AT_LAYER,
    maps.hires_cam: AT_LAYER,
    maps.layer_cam: AT_LAYER,
    maps.xgrad_cam: AT_LAYER,
    maps.eigen_cam: dict(classifier=NET, images=MANY, layer=LAYER),
    maps.ablation_cam: AT_LAYER,
    maps.guided_backpropagation: MAP,
    maps.occlusion: MAP | dict(
        classifier=ASKED, window=SIDES, stride=one_of(None, 2, (1, 2), odd=ODD_SIDES),
        baseline=BASELINE, batch_size=whole(1, 9),
    ),
    maps.rise: MAP | dict(
        classifier=ASKED, samples=whole(2, 9), cells=whole(1, 9), p=real(0.1, 0.9),
        baseline=BASELINE, batch_size=whole(1, 9),
    ),
    maps.guided_grad_cam: AT_LAYER,
    judging.compare: dict(
        methods=one_of({"CAM": cam.cam}, odd=({},)),
        measures=one_of({"mean": lambda heat, i: heat.mean()}, odd=({},)),
        classifier=NET, images=MANY, target=TARGETS,
    ),
    judging.confidences: dict(
        classifier=ASKED, images=ONE, target=TARGET, baseline=BASELINE,
        keep=real(0.1, 1) | fixed(None), heats=numbers(1, 5, 4),
    ),
    judging.deletion: CURVE | dict(steps=whole(1, 5), baseline=BASELINE),
    judging.insertion: CURVE | dict(steps=whole(1, 5), baseline=BASELINE),
    grad_cam.grad_cam: AT_LAYER,
    ig.integrated_gradients: MAP | STEPS | dict(
        baseline=OR_ZERO, num_runs=whole(1, 2)
    ),
    methods.heat_maps: MAP | dict(method=METHOD),
    lime.sample_image: dict(
        classifier=ASKED, image=ONE, segments=REGIONS, samples=whole(2, 20), baseline=BASELINE,
        scores=one_of("probability", "logit"), batch_size=whole(1, 9),
        sampler=one_of("library", "paper", odd=("coin", None)),
    ),
    road.road: CURVE | dict(
        fractions=one_of([0.1, 0.5], odd=([], None, 3, [0.5, 0.1], [np.nan], "x", ["x"])),
        least_first=FLAG, noise=real(0, 9),
    ),
    robustness.removals: dict(
        classifier=ASKED, image=ONE, target=TARGET, samples=whole(2, 9), side=real(0.1, 0.9),
        baseline=BASELINE
    ),
    robustness.max_sensitivity: dict(
        method=fixed(grad_cam.grad_cam), classifier=NET, image=ONE, target=TARGET,
        radius=real(1, 9), samples=whole(1, 5),
    ),
    maps.input_gradients: MAP,
    maps.saliency: MAP,
    maps.gradient_times_input: MAP,
    maps.smooth_grad: dict(
        classifier=NET, image=ONE, target=TARGET, samples=whole(1, 9), noise=real(0, 1)
    ),
    maps.guided_integrated_gradients: dict(
        classifier=NET, image=ONE, target=TARGET, baseline=BASELINE, num_steps=whole(1, 4),
        fraction=real(0.1, 1), max_distance=real(0, 1),
    ),
    maps.xrai: dict(classifier=NET, image=ONE, target=TARGET, num_steps=whole(2, 4)),
    ig.expected_gradients: dict(
        classifier=NET, image=ONE, background=MANY, target=TARGET, samples=whole(1, 9)
    ),
    score_cam.score_cam: AT_LAYER | dict(
        scores=one_of("logit", "probability"), weights=one_of("softmax", "increase"),
        baseline=OR_ZERO, max_channels=whole(1, 9) | fixed(None), batch_size=whole(1, 9),
    ),
    score_cam.masked_scores: dict(
        classifier=NET, image=ONE, target=TARGET, layer=LAYER, baseline=OR_ZERO
    ),
    lime.coalition_scores: dict(
        classifier=ASKED, image=ONE, segments=REGIONS, Z=SHOWN, baseline=BASELINE,
        scores=one_of("probability", "logit"), batch_size=whole(1, 9),
    ),
    transformers.attention: dict(classifier=TOKENS, images=MANY),
    transformers.attention_map: OF_TOKENS | dict(
        block=one_of(0, -1, odd=(1, 1.5, None, "x", True)),
        head=one_of(0, -2, None, odd=(2, 1.5, "x", True)),
    ),
    transformers.relevance: OF_TOKENS | dict(target=TARGETS),
    transformers.rollout: OF_TOKENS,
}  # fmt: skip

COMPILING: dict[Callable, dict[str, Kind]] = {
    report.explain: dict(
        network=ASKED, picture=ONE, target=TARGETS, layer=fixed(None),
        expected=TARGET | one_of(None), methods=one_of(
            ["occlusion"], METHOD_OF_ONES_OWN, odd=("occlusion", [], ["nonsense"], [3], 3, {}),
        ),
    ),
    Classifier.replace: dict(self=NET, model=one_of(gap_net(), odd=(None, "x"))),
    judging.cascading_randomisation: dict(
        classifier=NET, image=ONE, method=fixed(grad_cam.grad_cam), target=TARGET,
        layers=one_of(["first"], odd=(["nonsense"], "first")),
    ),
    ig.integrate: dict(
        score=fixed(lambda z: tf.reduce_sum(z**2, axis=(1, 2))), x=HEAT, baseline=HEAT, **STEPS
    ),
    counted: dict(classifier=NET),
    bfloat16: dict(classifier=NET),
    transformers.with_folded_tokens: dict(
        classifier=TOKENS, grid=GRID, first=one_of(None, 1, odd=(2, -1, 1.5, "x", True)),
        layer=one_of(None, "norm_0a", odd=("patches", "norm", "nonsense", "", 3, True)),
    ),
}  # fmt: skip

CALLS = OF_NUMBERS | OF_A_NETWORK | COMPILING

IN_A_GRAPH = "takes tensors, inside a compiled function of a method that is called here"
BY_EXPLAIN = "a method, called through explain, which checks what goes in and what comes out"
EXEMPT = {
    "Network.one_by_one": "gives pictures one after another: tests/network/test_streams.py",
    "Network.stream": "applies a function of its caller's: tests/network/test_streams.py",
    "lime.r_squared": "called through weighted_fit and held_out, which check what they give it",
    "network.what_blocks": "words an error inside a graph",
    "integrated_gradients.are_several": "tells one input from several, whatever it is",
    **dict.fromkeys(
        ["Classifier.forward", "Classifier.outputs", "Classifier.forward_from",
         "Classifier.compiled", "integrated_gradients.along_path", "network.gradient_of",
         "network.reached", "network.in_batches", "network.composites",
         "integrated_gradients.classifier_functions", "score_cam.masks"], IN_A_GRAPH,
    ),
    **dict.fromkeys(
        ["methods.from_superpixels", "methods.lime_map", "methods.kernel_shap_map",
         "methods.integrated_gradients_map", "methods.smooth_grad_map", "methods.random_map",
         "methods.guided_backpropagation_map", "methods.centre_map", "methods.occlusion_map",
         "methods.rise_map"], BY_EXPLAIN,
    ),
    **dict.fromkeys(
        ["plotting.side_by_side", "plotting.explanation", "plotting.gallery", "plotting.show",
         "plotting.slide", "plotting.superpixel_weights"], "draws a figure; gives no numbers",
    ),
    **dict.fromkeys(
        ["Classifier.composites", "Network.composites"],
        "called through lime.coalition_scores, which checks its arguments",
    ),
    **dict.fromkeys(
        ["Network.explaining", "Classifier.explaining", "BlackBox.explaining"],
        "gives a network; network/test_scores.py has what does not fit",
    ),
    **dict.fromkeys(
        ["Network.ask", "Classifier.ask", "BlackBox.ask"],
        "called by each method that only asks, with pictures that are prepared",
    ),
    "images.channels_of": "puts a number into words",
    "methods.short_name": "puts a name into another form",
    "methods.by_names": "finds methods by names: tests/report/test_explained.py has what are none",
    **dict.fromkeys(
        ["report.page", "report.write_report", "report.fragment", "report.page_parts"],
        "writes a page; gives no numbers: tests/report/test_page.py",
    ),
    **dict.fromkeys(
        ["report.overlaid", "report.jpeg", "report.data_address", "report.hottest_place"],
        "draws what explain found, which is called here",
    ),
    "report.explorer": "widgets; tests/report/test_explorer.py uses them",
    "report.load_explained": "reads files; tests/report/test_explained.py has others",
    "report.fitting_methods": "names methods for a network that explain has checked",
    "images.load_image": "reads a file; test_images.py has files that are none",
    "images.course_images": "takes no argument; gives names",
    "images.as_given": "picks from results that are ready",
    "images.is_one": "says what as_given picks",
    "images.one_by_one": "as_batch goes through it; tests/network/test_streams.py",
    "grad_cam.layer_maps": "the frame of Grad-CAM and its family, which are called here",
    "images.resized": "as images.resize, for what has been checked already",
    "shapley.as_coalitions": "checks the coalitions of the value functions, which are called here",
    "shapley.named": "puts names to numbers that are ready",
    "shapley.distinct_rows": "sorts coalitions that other functions made",
    "shapley.compiled": "compiles a function of the same module",
    "shapley.read_trees": "reads a model of scikit-learn for tree_shap, which is called here",
    "shapley.rows_as_seen": "checks the rows of tree_shap, which is called here",
    "digits.picture": "one of digits.pictures, which checks the numbers",
    "transformers.through_blocks": "a product of matrices that are ready, as arrays or tensors",
    "transformers.fold": "takes tokens that are ready, as arrays or tensors",
    "transformers.attending": IN_A_GRAPH,
    "transformers.one_for_each": "checks what the methods called here have made",
    "transformers.attention_of": IN_A_GRAPH,
    "transformers.layers_inside": "goes through a model of Keras",
}  # fmt: skip
ROOMS = (
    "baselines", "basics.scaling", "cam", "digits", "grad_cam", "images", "integrated_gradients",
    "judging", "lime", "maps", "methods", "network.asking", "network.bfloat16", "network.black_box",
    "network.classifier", "network.counter", "network.graph", "network.labels",
    "plotting.attributions", "plotting.pictures", "plotting.superpixels", "report", "score_cam",
    "shapley", "transformers",
)  # fmt: skip
ENDLESS = (judging.median, judging.paired)  # of fewer than six values the interval has no ends
LEFT_OUT = "judging.clever_hans"  # it trains networks, and has tests of its own


def modules() -> Iterator[ModuleType]:
    """The modules whose functions are called: those named above, and all of a named package."""
    for name in ROOMS:
        room = importlib.import_module(f"lessons_lib.{name}")
        inside = getattr(room, "__path__", [])
        names = [f"{room.__name__}.{found.name}" for found in pkgutil.iter_modules(inside)]
        yield from map(importlib.import_module, names or [room.__name__])


def name_of(function: Callable) -> str:
    room = function.__module__.split(".")[1]
    return function.__qualname__ if "." in function.__qualname__ else f"{room}.{function.__name__}"


def test_every_public_function_is_called_or_exempt() -> None:
    places = [(m, m.__name__) for m in modules() if not m.__name__.endswith(LEFT_OUT)]
    places += [(kind, kind.__module__) for kind in (Network, Classifier, BlackBox)]
    public = {
        name_of(function)
        for place, home in places
        for name, function in vars(place).items()
        if inspect.isfunction(function) and function.__module__ == home and name[0] != "_"
    }
    called = {name_of(function) for function in CALLS}
    assert public == called | set(EXEMPT)
    assert not called & set(EXEMPT)


# What must hold


def numbers_in(result: object) -> Iterator[np.ndarray]:
    """All numbers of a result, whatever they are wrapped in."""
    if dataclasses.is_dataclass(result):
        result = vars(result)
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, list | tuple):
        for item in result:
            yield from numbers_in(item)
    elif isinstance(result, np.ndarray | np.number | int | float):
        yield np.asarray(result)


def random_states() -> tuple:
    numpys = np.random.get_state()
    tensorflows = tf.random.get_global_generator().state.numpy()
    seeds = tf.compat.v1.get_seed(0)
    return numpys[1].tobytes(), numpys[2], random.getstate(), tensorflows.tobytes(), seeds


def content(arguments: dict) -> list[bytes]:
    """Arrays and lists of them to the last bit, and the weights of networks."""
    plain = (np.ndarray, list, tuple)
    found = [pickle.dumps(value) for value in arguments.values() if isinstance(value, plain)]
    nets = [value.model for value in arguments.values() if isinstance(value, Classifier)]
    return found + [w.tobytes() for net in nets for w in net.get_weights()]


def is_ours(error: Exception) -> bool:
    """Whether a raise statement of lessons_lib raised it, and says more than a word or two."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    inside = Path(last.filename).is_relative_to(Path(lessons_lib.__file__).parent)
    return inside and last.line.startswith("raise ") and len(str(error)) > 15


def holds(function: Callable, *, may_refuse: bool, arguments: dict) -> None:
    np.random.seed(12345)  # a call of seed(0) would go unseen after hypothesis's own
    random.seed(12345)
    before, states = content(arguments), random_states()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = function(**arguments)
            result = list(result) if isinstance(result, Iterator) else result
    except (TypeError, ValueError, OSError) as error:
        if not (may_refuse and is_ours(error)):
            raise
    else:
        for array in numbers_in(result):
            fine = ~np.isnan(array) if function in ENDLESS else np.isfinite(array)
            assert fine.all(), f"{name_of(function)} gives {array}"
    assert content(arguments) == before, f"{name_of(function)} changed an argument"
    assert random_states() == states, f"{name_of(function)} changed a global random state"


@pytest.mark.parametrize("function", CALLS, ids=name_of)
def test_right_or_a_clear_error_and_nothing_changed(function: Callable) -> None:
    kinds = CALLS[function]
    cost = "numbers" if function in OF_NUMBERS else "network"
    cost = "compiles" if function in COMPILING else cost
    calls = [
        st.tuples(st.just(odd), st.fixed_dictionaries({
            name: kind.odd if name == odd else kind.good for name, kind in kinds.items()
        }))
        for odd in [None, *(name for name, kind in kinds.items() if not kind.odd.is_empty)]
    ]  # fmt: skip

    @settings(max_examples=EXAMPLES[cost])
    @given(st.one_of(calls))
    def check(call: tuple[str | None, dict]) -> None:
        odd, arguments = call
        holds(function, may_refuse=odd is not None, arguments=arguments)

    check()


# What else is true


NUMBERS = settings(max_examples=30)
ARRAYS = st.builds(
    lambda seed, shape, power: np.random.default_rng(seed).normal(size=shape) * 10.0**power,
    st.integers(0, 99), st.tuples(st.integers(1, 6), st.integers(1, 6)), st.integers(-30, 30),
)  # fmt: skip


@NUMBERS
@given(A.good, WEIGHTS.good, WEIGHTS.good)
def test_class_maps_are_linear_and_weighted_sums_their_positive_part(A, u, v) -> None:
    A, u, v = np.array(A, float), np.array(u, float), np.array(v, float)
    one, two = cam.class_map(A, u), cam.class_map(A, v)
    np.testing.assert_allclose(cam.class_map(A, 2 * u - v), 2 * one - two, atol=1e-9)
    np.testing.assert_array_equal(grad_cam.weighted_sum(A, u), np.where(one > 0, one, 0))


@NUMBERS
@given(A.good, GRADIENT.good, st.integers(-44, 10))
def test_xgrad_cams_weights_conserve_what_each_channel_gives(A, gradient, power) -> None:
    """Down to the smallest numbers that a float32 knows, whose inverse it does not."""
    A = np.abs(np.float32(A)) * np.float32(10.0**power)
    weights = maps.axiom_weights(A, gradient)
    given_to_score = (A * np.float32(gradient)).sum(axis=(1, 2))
    np.testing.assert_allclose(weights * A.sum(axis=(1, 2)), given_to_score, rtol=1e-3, atol=1e-43)


@NUMBERS
@given(ARRAYS)
def test_a_normalised_map_keeps_its_order_within_0_to_1(heat) -> None:
    scaled = plotting.normalise(heat)
    assert scaled.min() >= 0
    assert scaled.max() == (heat.max() > 0)
    assert (np.diff(scaled.ravel()[np.argsort(heat.ravel())]) >= 0).all()


@NUMBERS
@given(ARRAYS, st.integers(1, 9), st.integers(1, 9), st.integers(0, 6))
def test_a_resized_picture_stays_within_its_values(picture, height, width, channels) -> None:
    picture = np.stack([picture] * channels, axis=-1) if channels else picture
    found = images.resize(picture, (height, width))
    assert found.shape == (height, width, *picture.shape[2:])
    assert picture.min() * (1 - 1e-6 * np.sign(picture.min())) <= found.min()
    assert found.max() <= picture.max() * (1 + 1e-6 * np.sign(picture.max()))


@NUMBERS
@given(ARRAYS, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_ranks_are_a_permutation_with_the_hottest_place_first(heat, height, width, flat) -> None:
    heat = 0 * heat if flat else heat
    found = judging.ranks(heat, (height, width))
    assert sorted(found.ravel()) == list(range(height * width))
    large = images.resize(heat, (height, width))
    assert large[found == 0] == large.max()


@NUMBERS
@given(st.integers(0, 99))
def test_the_path_from_one_photograph_to_another_ends_at_each(seed) -> None:
    x, baseline = np.random.default_rng(seed).integers(0, 256, (2, 4, 3), dtype=np.uint8)
    ends = ig.interpolate(x, baseline, [0, 1])
    np.testing.assert_array_equal(ends, [baseline, x])


@NUMBERS
@given(HEAT.good, st.integers(1, 20), st.booleans())
def test_the_hottest_places_are_as_many_as_asked_for(heat, size, ties) -> None:
    heat = np.round(heat) // 4 if ties else np.array(heat)
    found = judging.hottest(heat, size)
    assert found.sum() == pytest.approx(size)
    assert heat[found > 0].min() >= heat[found < 1].max(initial=-np.inf)


@NUMBERS
@given(ARRAYS, st.floats(0.05, 0.95))
def test_the_ends_of_a_medians_interval_are_values_on_both_its_sides(values, confidence) -> None:
    found = judging.median(values[0], confidence=confidence)
    assert found.low <= found.estimate <= found.high
    assert {found.low, found.high} <= {*values[0].tolist(), -np.inf, np.inf}


@NUMBERS
@given(st.integers(0, 99), st.floats(0.1, 0.9))
def test_imputed_pixels_lie_within_the_known_ones(seed, share) -> None:
    rng = np.random.default_rng(seed)
    picture, missing = rng.uniform(0, 255, (7, 6, 3)).astype("float32"), rng.random((7, 6)) < share
    missing[0, 0] = False
    found, known = road.imputed(picture, missing), picture[~missing]
    np.testing.assert_array_equal(found[~missing], known)
    assert (found >= known.min(axis=0) - 1e-3).all()
    assert (found <= known.max(axis=0) + 1e-3).all()


@NUMBERS
@given(st.integers(0, 99), st.floats(0, 9))
def test_a_weighted_fit_solves_its_normal_equations(seed, ridge) -> None:
    """Also where columns repeat each other or say nothing, so that many fits are equally good."""
    rng = np.random.default_rng(seed)
    Z, y, weights = rng.integers(0, 2, (6, 5)), rng.normal(size=6), rng.random(6)
    fit = lime.weighted_fit(Z, y, weights, ridge=ridge)
    missed = weights * (y - fit.intercept - Z @ fit.coefficients)
    assert missed.sum() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(Z.T @ missed, ridge * fit.coefficients, atol=1e-9)


@NUMBERS
@given(st.integers(0, 99), st.integers(2, 5))
def test_two_players_that_are_alike_get_the_same_from_every_solver(seed, n) -> None:
    """Players 0 and 1 enter only by how many of them there are; player n brings nothing."""
    v = game(seed)

    def alike(Z: np.ndarray) -> np.ndarray:
        return v(np.column_stack([Z[:, 0].astype(int) + Z[:, 1], Z[:, 2:n]]))

    exact = shapley.exact(alike, n + 1)
    np.testing.assert_allclose(exact[[1, n]], [exact[0], 0], atol=1e-9)
    np.testing.assert_allclose(shapley.kernel_shap(alike, n + 1), exact, atol=1e-9)
    whole, nobody = alike(np.ones((1, n + 1), bool)), alike(np.zeros((1, n + 1), bool))
    assert exact.sum() == pytest.approx((whole - nobody)[0])


@settings(max_examples=10)
@given(HEAT.good, st.integers(1, 9), st.integers(0, 2))
def test_a_curve_begins_with_the_photograph_or_ends_with_it(heat, steps, target) -> None:
    probability = NETWORK.probabilities(PHOTO)[0, target]
    falls = judging.deletion(NETWORK, PHOTO, heat, target, steps=steps).probability
    rises = judging.insertion(NETWORK, PHOTO, heat, target, steps=steps).probability
    assert falls[0] == pytest.approx(probability, rel=1e-4)
    assert rises[-1] == pytest.approx(probability, rel=1e-4)
    assert len(falls) == len(rises) == steps + 1


# What is meant where nothing is said

NOT_BLACK = classifier(gap_net(), preprocess="tf")  # what is 0 here is grey
NET_AND_PHOTO = dict(classifier=NOT_BLACK, image=PHOTO)
NET_AND_PHOTOS = dict(classifier=NOT_BLACK, images=PHOTO)
CURVE_OF = NET_AND_PHOTO | dict(heat=RNG.normal(size=(5, 4)), target=1)
HALF = np.add.outer(np.arange(SIZE), np.arange(SIZE)) < SIZE
ROWS = RNG.normal(size=(9, 3))
DEFAULTS: list[tuple[Callable, dict, dict]] = [
    (judging.confidences, NET_AND_PHOTOS | dict(heats=[HALF * 1.0]), dict(baseline="grey")),
    (judging.deletion, CURVE_OF, dict(steps=28, baseline="grey")),
    (judging.insertion, CURVE_OF, dict(steps=28, baseline="blurred")),
    (ig.integrated_gradients, NET_AND_PHOTOS,
     dict(baseline="black", rule="adaptive", num_steps=48, num_runs=1)),
    (ig.integrated_gradients, NET_AND_PHOTOS | dict(baseline="noise"),
     dict(seed=0)),
    (ig.integrate,
     dict(score=lambda z: tf.sigmoid(900 * (z[:, 0] - 0.4321)), x=[1.0], baseline=[0.0]),
     dict(rule="adaptive", num_steps=48, tolerance=0.01)),
    (judging.top_share_inside, dict(heat=RNG.normal(size=(40, 40)), inside=np.eye(40) > 0),
     dict(top=0.01)),
    (lime.sample_image, NET_AND_PHOTO | dict(segments=SEGMENTS),
     dict(samples=1000, seed=0, baseline="mean", scores="probability", sampler="library")),
    (lime.sample_table, dict(predict=lambda rows: rows, row=ROWS[0], data=ROWS),
     dict(samples=5000, seed=0, sampler="around")),
    (lime.sample_text, dict(predict=lambda texts: [len(t) for t in texts], text="a b c"),
     dict(samples=1000, seed=0, sampler="library")),
    (road.imputed, dict(image=PHOTO, missing=HALF), dict(noise=0)),
    (road.imputed, dict(image=PHOTO, missing=HALF, noise=5), dict(seed=0)),
    (road.road, CURVE_OF,
     dict(fractions=(0.1, 0.3, 0.5, 0.7, 0.9), least_first=False, noise=2.5, seed=0)),
    (robustness.removals, NET_AND_PHOTO | dict(target=1),
     dict(samples=100, side=0.25, baseline="grey", seed=0)),
    (robustness.max_sensitivity, NET_AND_PHOTO | dict(target=1, method=grad_cam.grad_cam),
     dict(radius=5, seed=0)),
    (robustness.max_sensitivity,
     NET_AND_PHOTO | dict(target=1, method=lambda c, x, k: np.full((len(x), 1, 1), len(x))),
     dict(samples=5)),
    (lambda **options: robustness.noise(**options).picture(PHOTO), {}, dict(sigma=10, seed=0)),
    (lambda **options: robustness.shift(**options).picture(PHOTO), {}, dict(pixels=8)),
    (lambda **options: robustness.brightness(**options).picture(PHOTO), {}, dict(factor=1.2)),
    (maps.smooth_grad, NET_AND_PHOTO, dict(samples=50, noise=0.15, seed=0)),
    (ig.expected_gradients,
     NET_AND_PHOTO | dict(background=np.stack([0 * PHOTO, 255 - PHOTO])),
     dict(samples=100, seed=0)),
    (score_cam.score_cam, NET_AND_PHOTOS,
     dict(scores="logit", weights="softmax", baseline="grey")),
    (score_cam.masked_scores, NET_AND_PHOTO | dict(target=1), dict(baseline="grey")),
    (score_cam.channel_weights, dict(found=MASKED), dict(scores="logit", weights="softmax")),
    (shapley.permutation_sampling, dict(value=game(1), n=8),
     dict(permutations=100, antithetic=True, seed=0)),
    (shapley.kernel_shap, dict(value=game(1), n=8, samples=40), dict(seed=0)),
    (shapley.kernel_estimate, dict(value=game(1), n=8, samples=40), dict(seed=0)),
    (lime.superpixels, dict(image=PHOTO), dict(method="slic")),
    (lime.coalition_scores, NET_AND_PHOTO | dict(segments=SEGMENTS, Z=Z),
     dict(baseline="mean", scores="probability")),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "defaults"), DEFAULTS)
def test_an_option_left_out_has_the_value_that_the_lessons_rely_on(
    function: Callable, arguments: dict, defaults: dict
) -> None:
    left_out, said = function(**arguments), function(**arguments, **defaults)
    for a, b in zip(numbers_in(left_out), numbers_in(said), strict=True):
        np.testing.assert_array_equal(a, b)
