"""Superpixels: a partition numbered 0 .. M - 1, and networks asked with some of them hidden."""

import warnings

import keras
import numpy as np
import pytest
import skimage.segmentation
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lessons_lib.images import course_image, resize
from lessons_lib.lime import coalition_scores, hide, relabelled, superpixels
from lessons_lib.network.classifier import Classifier

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (16, 16, 3)).astype("float32")
SEGMENTS = np.arange(16)[:, None] // 6 * 2 + np.arange(16) // 9  # 3 x 2 blocks


def network(*last: keras.layers.Layer) -> Classifier:
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, activation="relu"),
            keras.layers.Flatten(),
            *last,
        ]
    )
    return Classifier(model)


@pytest.fixture(scope="module")
def softmax() -> Classifier:
    keras.utils.set_random_seed(1)
    return network(keras.layers.Dense(3, activation="softmax"))


@given(arrays.arrays(int, (4, 5), elements=st.integers(-3, 9)))
def test_relabelling_keeps_the_regions_and_leaves_no_gap(segments: np.ndarray) -> None:
    found = relabelled(segments)
    assert np.array_equal(np.unique(found), np.arange(len(np.unique(segments))))
    flat, old = found.ravel(), segments.ravel()
    assert np.array_equal(flat[:, None] == flat, old[:, None] == old)


def test_relabelling_mends_a_segmentation_that_begins_at_one() -> None:
    picture = resize(course_image("macaw"), (96, 96)).astype("uint8")
    from_one = skimage.segmentation.slic(picture, n_segments=20, start_label=1)
    assert from_one.min() == 1
    assert np.array_equal(relabelled(from_one), from_one - 1)


@pytest.mark.parametrize(
    ("segments", "error"),
    [([[0.5]], TypeError), ([0, 1], ValueError), (np.empty((0, 2), int), ValueError)],
)
def test_relabelling_refuses_what_is_no_segmentation(segments: object, error: type) -> None:
    with pytest.raises(error):
        relabelled(segments)


@pytest.mark.parametrize("method", ["slic", "quickshift"])
def test_superpixels_are_numbered_from_zero_and_the_same_every_time(method: str) -> None:
    picture = resize(course_image("macaw"), (96, 96))
    before, state = picture.copy(), np.random.get_state()[1].copy()
    segments = superpixels(picture, method)
    assert np.array_equal(np.unique(segments), np.arange(segments.max() + 1))
    assert segments.max() > 5
    assert np.array_equal(segments, superpixels(picture, method))
    assert np.array_equal(picture, before)
    assert np.array_equal(np.random.get_state()[1], state)


def test_what_the_network_sees_can_be_cut() -> None:
    """White pixels that were averaged are still pixels."""
    white = np.full((50, 70, 3), 255, np.uint8)
    assert superpixels(resize(white, (33, 33))).shape == (33, 33)


def test_superpixels_follow_colour_edges() -> None:
    halves = np.zeros((40, 40, 3), np.uint8)
    halves[:, 17:] = 200
    segments = superpixels(halves, n_segments=8)
    assert not set(segments[:, :17].ravel()) & set(segments[:, 17:].ravel())


def test_options_go_to_scikit_image() -> None:
    picture = resize(course_image("macaw"), (96, 96))
    assert superpixels(picture, n_segments=8).max() < superpixels(picture, n_segments=80).max()


def test_superpixels_begin_at_zero_whatever_scikit_image_is_told() -> None:
    picture = resize(course_image("macaw"), (96, 96))
    from_one, from_zero = (superpixels(picture, start_label=start) for start in (1, 0))
    assert from_one.min() == 0
    assert np.array_equal(from_one, from_zero)


def test_a_picture_that_stays_whole_is_said() -> None:
    """As quickshift leaves a small one; each cure that the warning names cuts it."""
    picture = resize(course_image("macaw"), (20, 20))
    with pytest.warns(UserWarning, match=r"quickshift makes one superpixel.*20 x 20.*slic"):
        assert not superpixels(picture, "quickshift").any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert superpixels(picture).any()
        assert superpixels(picture, "quickshift", kernel_size=1, max_dist=10).any()


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ValueError, match=r"watershed.*quickshift.*slic"):
        superpixels(IMAGE, "watershed")


def test_hiding_goes_pixel_by_pixel(rng: np.random.Generator) -> None:
    hidden, Z = np.full_like(IMAGE, 7), rng.integers(0, 2, (5, 6))
    found = hide(IMAGE, hidden, SEGMENTS, Z)
    for k, row, column in np.ndindex(5, 16, 16):
        source = IMAGE if Z[k, SEGMENTS[row, column]] else hidden
        assert np.array_equal(found[k, row, column], source[row, column])


@pytest.mark.parametrize(("scores", "ask"), [("probability", "probabilities"), ("logit", "logits")])
@pytest.mark.parametrize("units", [1, 3])
def test_hiding_inside_the_graph_is_hiding_before_it(
    rng: np.random.Generator, scores: str, ask: str, units: int
) -> None:
    activation = "sigmoid" if units == 1 else "softmax"
    classifier = network(keras.layers.Dense(units, activation=activation))
    Z = rng.integers(0, 2, (9, 6))
    found = coalition_scores(classifier, IMAGE, SEGMENTS, Z, baseline="grey", scores=scores)
    expected = getattr(classifier, ask)(hide(IMAGE, np.full_like(IMAGE, 127.5), SEGMENTS, Z))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_logits_and_probabilities_of_one_network_are_kept_apart(
    rng: np.random.Generator, softmax: Classifier
) -> None:
    Z = rng.integers(0, 2, (4, 6))
    logits, p = (
        coalition_scores(softmax, IMAGE, SEGMENTS, Z, scores=scores)
        for scores in ("logit", "probability")
    )
    odds = np.exp(logits)
    np.testing.assert_allclose(p, odds / odds.sum(axis=1, keepdims=True), atol=1e-5)


def test_the_batch_size_changes_nothing(rng: np.random.Generator, softmax: Classifier) -> None:
    Z = rng.integers(0, 2, (10, 6))
    found = [coalition_scores(softmax, IMAGE, SEGMENTS, Z, batch_size=size) for size in (1, 4, 100)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    np.testing.assert_allclose(found[0], found[2], atol=1e-6)


def test_another_picture_is_not_answered_from_the_first(softmax: Classifier) -> None:
    """The compiled function is kept: picture, baseline and segments are its arguments."""
    Z = np.ones((1, 6))
    coalition_scores(softmax, IMAGE, SEGMENTS, Z)
    other = 255 - IMAGE
    np.testing.assert_allclose(
        coalition_scores(softmax, other, SEGMENTS, Z), softmax.probabilities(other), atol=1e-6
    )
    np.testing.assert_allclose(
        coalition_scores(softmax, other, SEGMENTS, 1 - Z, baseline=9),
        softmax.probabilities(np.full_like(other, 9)),
        atol=1e-6,
    )


def test_nothing_of_the_caller_is_changed(softmax: Classifier) -> None:
    image, segments, Z = IMAGE.copy(), SEGMENTS.copy(), np.eye(6)
    weights = [w.copy() for w in softmax.model.get_weights()]
    coalition_scores(softmax, image, segments, Z)
    assert np.array_equal(image, IMAGE)
    assert np.array_equal(segments, SEGMENTS)
    assert np.array_equal(Z, np.eye(6))
    assert all(map(np.array_equal, weights, softmax.model.get_weights()))


def test_segments_from_one_are_refused_with_the_cure(softmax: Classifier) -> None:
    with pytest.raises(ValueError, match=r"run from 1 to 6; use relabelled"):
        coalition_scores(softmax, IMAGE, SEGMENTS + 1, np.ones((1, 7)))


def test_segments_of_another_size_are_refused_with_the_cure(softmax: Classifier) -> None:
    with pytest.raises(ValueError, match=r"\(8, 16\).*prepare"):
        coalition_scores(softmax, IMAGE, SEGMENTS[:8], np.ones((1, 6)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Z": np.ones((1, 5))}, r"Z must be \(n, 6\)"),
        ({"Z": np.ones((0, 6))}, r"Z must be \(n, 6\)"),
        ({"image": [IMAGE, IMAGE]}, "expected one picture"),
        ({"scores": "score"}, "scores='score'"),
    ],
)
def test_other_bad_input(softmax: Classifier, change: dict, message: str) -> None:
    arguments = {"image": IMAGE, "segments": SEGMENTS, "Z": np.ones((1, 6))} | change
    with pytest.raises(ValueError, match=message):
        coalition_scores(softmax, **arguments)


def test_a_baseline_that_hides_nothing_is_said() -> None:
    """A digit is flat: the mean of each superpixel is what was there, and all weights are 0."""
    square = np.zeros((16, 16, 3), "float32")
    square[4:10, 4:10] = 255
    segments = (square[..., 0] > 0).astype(int)
    net = network(keras.layers.Dense(3, activation="softmax"))
    Z = [[1, 1], [1, 0], [0, 1]]
    with pytest.warns(UserWarning, match="hiding superpixels changes no score: baseline='mean'"):
        coalition_scores(net, square, segments, Z)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = coalition_scores(net, square, segments, Z, baseline="black")
    assert np.ptp(found, axis=0).max() > 0


def test_a_network_too_sure_to_change_its_probability_is_said() -> None:
    """Its probability is 1 whatever is hidden, but for rounding; its logit tells."""
    keras.utils.set_random_seed(1)
    net = network(keras.layers.Dense(2, bias_initializer="ones", activation="softmax"))
    kernel, _ = net.model.layers[-1].get_weights()
    net.model.layers[-1].set_weights([kernel, np.array([16.0, 0.0])])
    Z = np.eye(6)
    with pytest.warns(UserWarning, match=r"changes no score.*too sure.*scores='logit'"):
        found = coalition_scores(net, IMAGE, SEGMENTS, Z, baseline="black")
    assert np.ptp(found, axis=0).any()  # it is not that nothing has moved at all
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        coalition_scores(net, IMAGE, SEGMENTS, Z, baseline="black", scores="logit")
