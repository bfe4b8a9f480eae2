"""Scores as targets, each against the model called directly and a tape of the test's own."""

import functools
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import judging, lime, maps
from lessons_lib.cam import cam
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.judging import road, robustness
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import Score, element, likeness, region
from lessons_lib.score_cam import score_cam
from tests.networks import L, gap_net, photos, seeded

SIZE = 16
PHOTO = photos(1, SIZE)[0]


def parts_net(last: str | None = "softmax") -> keras.Model:
    """A small U-Net: four classes for each place; "bottom" is its coarse layer."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(5, 3, padding="same", activation="relu", name="top")(L.Rescaling(1 / 64)(inputs))
    y = L.Conv2D(6, 3, 2, padding="same", activation="relu", name="bottom")(x)
    y = L.Concatenate()([x, L.UpSampling2D()(y)])
    return seeded(keras.Model(inputs, L.Conv2D(4, 1, activation=last, name="parts")(y)))


@functools.cache
def parts() -> Classifier:
    """One for all tests, so that it is compiled once."""
    return Classifier(parts_net(), ending="scores", layer="bottom")


def boxes_net(order: tuple[str, str] = ("scene", "boxes")) -> keras.Model:
    """A detection head: 4 x 4 cells of 5 numbers, and a class for the whole picture."""
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, 4, padding="same", activation="relu", name="features")(
        L.Rescaling(1 / 64)(inputs)
    )
    boxes = L.Conv2D(5, 1, name="boxes")(x)
    scene = L.Dense(3, activation="softmax", name="scene")(L.GlobalAveragePooling2D()(x))
    outputs = {"boxes": boxes, "scene": scene}
    return seeded(keras.Model(inputs, {name: outputs[name] for name in order}))


def embedding_net() -> keras.Model:
    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(6, 3, activation="relu", name="features")(L.Rescaling(1 / 64)(inputs))
    x = L.Conv2D(7, 3, 2, activation="tanh", name="coarse")(x)
    return seeded(keras.Model(inputs, L.Dense(8)(L.Flatten()(x))))


def age_net() -> keras.Model:
    """A regression: all of its ages lie around -40, so that a sign that turns is seen."""
    model = gap_net(None, classes=1)
    model.get_layer("scores").bias.assign([-40.0])
    return model


def by_tape(model: keras.Model, layer: str, score) -> np.ndarray:
    """Grad-CAM as people write it: a model of two outputs, a tape, the mean, the ReLU."""
    outputs = model.outputs[0]
    if len(model.outputs) > 1:
        outputs = dict(zip(sorted(model.output_names), model.outputs, strict=True))
    both = keras.Model(model.inputs, [model.get_layer(layer).output, outputs])
    with tf.GradientTape() as tape:
        A, y = both(tf.constant(PHOTO[None]))
        value = score(y)
    alpha = tape.gradient(value, A)[0].numpy().mean(axis=(0, 1))
    return np.maximum(A[0].numpy() @ alpha, 0)


def logits_of(model: keras.Model) -> keras.Model:
    """The same network without its softmax."""
    bare = parts_net(None)
    bare.set_weights(model.get_weights())
    return bare


def square(row: int, column: int, side: int = 6) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), bool)
    mask[row : row + side, column : column + side] = True
    return mask


def test_a_region_is_that_of_a_tape_before_the_softmax() -> None:
    net, mask = parts(), square(2, 5)
    bare = logits_of(net.model)
    expected = by_tape(bare, "bottom", lambda y: tf.reduce_sum(y[0, ..., 0][mask]))
    found = grad_cam(net, PHOTO, region(mask, 0))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert found.max() > 0
    value = net.gradients(PHOTO, region(mask, 0)).score[0]
    y = bare(PHOTO[None]).numpy()[0, ..., 0]
    assert value == pytest.approx(y[mask].sum(), rel=1e-4)


def test_another_region_of_the_same_shape_is_not_compiled_anew() -> None:
    traced = []

    class Counted(L.Layer):
        def call(self, x):
            traced.append(1)
            return x

    inputs = keras.Input((SIZE, SIZE, 3))
    x = L.Conv2D(3, 3, padding="same", name="features")(Counted()(inputs))
    net = Classifier(seeded(keras.Model(inputs, L.Conv2D(4, 1)(x))), ending="scores")
    first = net.gradients(PHOTO, region(square(0, 0), 1), "features").score
    before = len(traced)
    others = [
        net.gradients(PHOTO, region(square(r, c), k), "features").score
        for r, c, k in ((4, 4, 1), (0, 0, 3), (8, 2, 0), (0, 0, 1))
    ]
    assert len(traced) == before
    assert len({float(s[0]) for s in others}) == 4
    assert others[-1] == first


def test_a_mask_of_another_size_is_stretched_over_the_output() -> None:
    small = np.zeros((4, 4))
    small[1, 2] = 1
    large = np.kron(small, np.ones((4, 4)))
    scores = [parts().gradients(PHOTO, region(m, 1)).score for m in (small, large)]
    assert scores[0] == pytest.approx(scores[1])


@pytest.mark.parametrize("order", [("boxes", "scene"), ("scene", "boxes")])
def test_one_box_of_one_of_several_outputs(order: tuple[str, str]) -> None:
    """Whatever the order in which the model names them."""
    model = boxes_net(order)
    net = Classifier(model, ending="scores")
    expected = by_tape(model, "features", lambda y: y["boxes"][0, 1, 3, 4])
    found = grad_cam(net, PHOTO, element(1, 3, 4, output="boxes"), "features")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    scene = Classifier(model, output="scene")
    np.testing.assert_allclose(
        scene.probabilities(PHOTO), model(PHOTO[None])["scene"].numpy(), atol=1e-6
    )
    np.testing.assert_allclose(
        grad_cam(net, PHOTO, element(2, output="scene"), "features"),
        grad_cam(scene, PHOTO, 2, "features"),
        atol=1e-6,
    )


def test_any_function_of_all_outputs() -> None:
    model = boxes_net()
    net = Classifier(model, ending="scores")
    surest = Score(lambda y: tf.reduce_max(y["boxes"][..., 4], axis=(1, 2)) * y["scene"][:, 0])
    y = model(PHOTO[None])
    assert net.gradients(PHOTO, surest, "features").score[0] == pytest.approx(
        float(tf.reduce_max(y["boxes"][..., 4]) * y["scene"][0, 0]), rel=1e-4
    )


def test_likeness_to_an_embedding() -> None:
    model = embedding_net()
    net = Classifier(model, ending="scores")
    e = model(photos(2, SIZE, seed=9)[1:]).numpy()[0]
    y = model(PHOTO[None]).numpy()[0]
    cosine = y @ e / np.linalg.norm(y) / np.linalg.norm(e)
    found = net.gradients(PHOTO, likeness(e), "coarse")
    assert found.score[0] == pytest.approx(cosine, abs=1e-5)
    expected = by_tape(
        model,
        "coarse",
        lambda y: tf.reduce_sum(y[0] * e) / tf.norm(y[0]) / np.linalg.norm(e),
    )
    np.testing.assert_allclose(grad_cam(net, PHOTO, likeness(e), "coarse"), expected, atol=1e-6)
    itself = net.gradients(PHOTO, likeness(model(PHOTO[None]).numpy()[0]), "coarse")
    assert itself.score[0] == pytest.approx(1, abs=1e-5)


# Every method and every measure: one logit, as a score, is the class


@pytest.fixture(scope="module")
def both() -> tuple[Classifier, Classifier]:
    """One network, asked for classes, and for scores."""
    model = gap_net()
    return Classifier(model), Classifier(model, ending="scores")


logit, probability = element(1), Score(lambda y: y[:, 1], name="probability of 1")
BY_LAYER = {"Grad-CAM": grad_cam, "Score-CAM": score_cam} | maps.FAMILY
BY_PIXEL = {
    "saliency": maps.saliency,
    "occlusion": maps.occlusion,
    "RISE": lambda n, x, t: maps.rise(n, x, t, samples=9),
    "gradient x input": maps.gradient_times_input,
    "guided": maps.guided_backpropagation,
    "guided Grad-CAM": maps.guided_grad_cam,
    "SmoothGrad": lambda n, x, t: maps.smooth_grad(n, x, t, samples=2),
    "Integrated Gradients": lambda n, x, t: integrated_gradients(n, x, t, num_steps=8).phi,
}
OF_LOGITS = BY_LAYER | BY_PIXEL


@pytest.mark.parametrize("name", [n for n in OF_LOGITS if n != "CAM"])
def test_the_map_of_one_logit_is_the_map_of_the_class(name: str, both) -> None:
    classes, scores = both
    expected = OF_LOGITS[name](classes, PHOTO, 1)
    np.testing.assert_allclose(OF_LOGITS[name](scores, PHOTO, logit), expected, atol=1e-5)
    assert np.abs(expected).max() > 0


@pytest.mark.parametrize("name", ["LIME", "KernelSHAP", "Grad-CAM"])
def test_the_bench_takes_scores(name: str, both) -> None:
    """LIME explains probabilities; the others logits."""
    classes, scores = both
    grainy = np.random.default_rng(0).uniform(0, 255, PHOTO.shape)
    maps = [heat_maps(METHODS[name], n, grainy, t) for n, t in ((classes, 1), (scores, logit))]
    of_probability = heat_maps(METHODS[name], scores, grainy, probability)
    fits = [np.allclose(maps[0], m, atol=1e-4) for m in (maps[1], of_probability)]
    assert any(fits)


def test_measures_of_a_probability_are_those_of_the_class(both) -> None:
    classes, scores = both
    heat = np.random.default_rng(0).random((4, 4))
    for measure in (judging.deletion, judging.insertion, road.road):
        expected = measure(classes, PHOTO, heat, 1)
        found = measure(scores, PHOTO, heat, probability)
        np.testing.assert_allclose(found.probability, expected.probability, atol=1e-6)
    for found, expected in zip(
        judging.confidences(scores, [PHOTO] * 2, [heat] * 2, probability),
        judging.confidences(classes, [PHOTO] * 2, [heat] * 2, 1),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    of_class, of_score = (
        [s.correlation for s in judging.cascading_randomisation(n, PHOTO, grad_cam, t)]
        for n, t in ((classes, 1), (scores, logit))
    )
    assert of_class == pytest.approx(of_score, abs=1e-4)


def test_robustness_of_a_logit_is_that_of_the_class(both) -> None:
    classes, scores = both
    drops = [
        robustness.removals(n, PHOTO, t, samples=4).drop for n, t in ((classes, 1), (scores, logit))
    ]
    np.testing.assert_allclose(*drops, atol=1e-5)
    moved = [
        robustness.max_sensitivity(maps.saliency, n, PHOTO, t, samples=2)
        for n, t in ((classes, 1), (scores, logit))
    ]
    assert moved[0] == pytest.approx(moved[1], abs=1e-5)


def test_lime_and_shapley_values_of_a_region() -> None:
    """Against pictures that are hidden by hand."""
    net, target = parts(), region(square(2, 5), 2)
    segments = np.kron(np.arange(4).reshape(2, 2), np.ones((8, 8), int))
    near = lime.sample_image(net, PHOTO, segments, samples=20, target=target)
    hidden = lime.hide(PHOTO, net.baseline(PHOTO, "mean", segments)[0], segments, near.Z)
    y = logits_of(net.model)(hidden).numpy()[..., 2][:, square(2, 5)].sum(axis=1)
    np.testing.assert_allclose(near.scores[:, 0], y, rtol=1e-4, atol=1e-3)
    assert lime.local_surrogate(near, 0).r_squared > 0
    game = lime.coalition_scores(net, PHOTO, segments, near.Z, target=target)
    np.testing.assert_array_equal(game, near.scores)


def test_a_number_is_explained_in_its_own_unit() -> None:
    """Years, everywhere: no class, no sign that turns."""
    model = age_net()
    years = float(model(PHOTO[None])[0, 0])
    assert years < -20
    net = Classifier(model, ["age"])
    for target in (None, 0, "age", element(0)):
        assert net.gradients(PHOTO, target).score[0] == pytest.approx(years, rel=1e-5)
        curve = judging.deletion(net, PHOTO, np.eye(4), target)
        assert curve.probability[0] == pytest.approx(years, rel=1e-5)
        found = integrated_gradients(net, PHOTO, target, rule="midpoint", num_steps=1)
        assert found.score == pytest.approx(years, rel=1e-5)
        assert found.target in ("age", "output[0]")
    slope = by_tape(model, "features", lambda y: y[0, 0])
    np.testing.assert_allclose(grad_cam(net, PHOTO), slope, atol=1e-5)


def test_numbers_need_a_name() -> None:
    net = Classifier(gap_net(None, classes=2), ["height", "weight"], ending="numbers")
    with pytest.raises(ValueError, match="gives 2 numbers; name one of them as target"):
        grad_cam(net, PHOTO)
    assert grad_cam(net, PHOTO, "weight").shape == (5, 5)


def test_what_does_not_fit_is_said() -> None:
    net = parts()
    assert "no classes, explains scores" in repr(net)
    mask = square(0, 0)
    wrong = {
        None: "has no classes; its target is a Score",
        2: "has no classes",
        region(mask, 4): r"channel 4 in a region is outside an output of shape \(None, 16, 16, 4\)",
        element(16, 0, 0): r"output\[16, 0, 0\] is outside",
        element(1, 2): "2 indices for an output",
        Score(lambda y: y, name="all"): r"all gives \(None, 16, 16, 4\); a score is one decimal",
        Score(lambda y: 3.0, name="three"): "three gives float; a score",
        element(0, output="boxes"): "has no output 'boxes'",
        Score(
            lambda y: tf.math.log(-1 - y[:, 0, 0, 0]), name="odd"
        ): "values of odd are not finite",
        likeness(np.ones(8)): r"the embedding has the shape \(8,\)",
    }
    for target, message in wrong.items():
        with pytest.raises(ValueError, match=message):
            grad_cam(net, PHOTO, target)
    with pytest.raises(ValueError, match="no classes"):
        net.probabilities(PHOTO)
    with pytest.raises(ValueError, match="the mask holds 0 to 0"):
        region(0 * mask, 1)
    with pytest.raises(ValueError, match="points nowhere"):
        likeness(np.zeros(3))
    with pytest.raises(TypeError, match="for a Score use Grad-CAM"):
        cam(Classifier(gap_net()), PHOTO, element(1))
    with pytest.raises(ValueError, match='Say ending="scores"'):
        Classifier(parts_net())
    with pytest.raises(ValueError, match='with ending="scores"'):
        Classifier(boxes_net())
    with pytest.raises(ValueError, match="a drop is a share"):
        judging.average_drop([-3.0], [1.0])


def test_what_a_function_closes_over_is_not_that_of_an_earlier_call() -> None:
    net = parts()
    mask, other = np.zeros((2, SIZE, SIZE), "float32")
    mask[2:6, 2:6] = other[9:13, 9:13] = 1
    score = Score(lambda y: tf.reduce_sum(y[..., 1] * mask, (1, 2)))
    before = maps.hires_cam(net, PHOTO, score)
    mask[:] = other
    after = maps.hires_cam(net, PHOTO, score)
    fresh = Score(lambda y: tf.reduce_sum(y[..., 1] * other, (1, 2)))
    np.testing.assert_allclose(after, maps.hires_cam(net, PHOTO, fresh), rtol=1e-5)
    assert np.abs(before - after).max() > 1e-4


@pytest.mark.parametrize(
    "function", [lambda y: y[:, 0] - tf.reduce_mean(y), lambda y: y[:1, 0], lambda y: y[1:, 0]]
)
def test_a_score_that_depends_on_the_other_pictures_is_refused(function) -> None:
    net = Classifier(embedding_net(), ending="scores", layer="coarse")
    for method in (grad_cam, score_cam):
        with pytest.raises(ValueError, match="depends on the others beside it"):
            method(net, photos(3, SIZE), Score(function))


def test_a_slope_that_is_not_finite_is_named() -> None:
    net = Classifier(embedding_net(), ending="scores", layer="coarse")
    score = Score(lambda y: tf.sqrt(0 * y[:, 0]))
    for method in (maps.saliency, maps.guided_backpropagation):
        with pytest.raises(ValueError, match="values of the gradient are not finite"):
            method(net, PHOTO, score)


def test_threads_do_not_see_each_others_masks() -> None:
    net = parts()
    masks = np.eye(SIZE)[:2, :, None] * np.ones(SIZE)  # a row each

    def ask(mask: np.ndarray) -> np.ndarray:
        return np.array([maps.hires_cam(net, PHOTO, region(mask, 1)) for _ in range(20)])

    alone = [ask(mask)[:1] for mask in masks]
    with ThreadPoolExecutor(2) as pool:
        for own, found in zip(alone, pool.map(ask, masks), strict=True):
            np.testing.assert_allclose(found, own.repeat(20, axis=0), rtol=1e-4, atol=1e-6)


def test_what_is_no_function_of_tensors_is_named() -> None:
    net = Classifier(embedding_net(), ending="scores", layer="coarse")
    with pytest.raises(TypeError, match="needs a function of the output, not 3"):
        Score(3)
    with pytest.raises(TypeError, match="use TensorFlow's operations, not NumPy's"):
        grad_cam(net, PHOTO, Score(lambda y: np.sin(y[:, 0])))


def test_one_weight_for_a_channel_does_not_know_which_cell_was_asked_for() -> None:
    """What docs/networks.md says of Grad-CAM, and why it names LayerCAM for a cell."""
    inputs = keras.Input((12, 12, 3))
    seen = L.Conv2D(2, 1, activation="relu", name="seen")(inputs)
    model = seeded(keras.Model(inputs, L.Conv2D(1, 1, name="cells")(seen)), 1)
    model.get_layer("seen").set_weights([np.ones((1, 1, 3, 2)), np.zeros(2)])
    model.get_layer("cells").set_weights([np.ones((1, 1, 2, 1)), np.zeros(1)])
    net = Classifier(model, ending="scores", preprocess="none", layer="seen")
    photo = np.full((12, 12, 3), 10, "uint8")
    photo[2, 3], photo[8, 9] = 200, 250
    cells = [element(2, 3, 0), element(8, 9, 0)]
    one, other = (grad_cam(net, photo, cell) for cell in cells)
    np.testing.assert_array_equal(one, other)
    for cell, place in zip(cells, [(2, 3), (8, 9)], strict=True):
        heat = maps.layer_cam(net, photo, cell)
        assert np.unravel_index(heat.argmax(), heat.shape) == place
        assert heat.sum() == heat.max()


def test_one_score_a_call_and_one_output_a_score() -> None:
    net = Classifier(boxes_net(), preprocess="none", ending="scores")
    with pytest.raises(TypeError, match=r"one Score for each call, not 2"):
        grad_cam(net, [PHOTO, PHOTO], [element(1, 1, 1, output="boxes")] * 2)
    with pytest.raises(ValueError, match=r"several outputs; say which: output='scene'"):
        grad_cam(net, PHOTO, element(1, 1, 1))
    assert repr(region(np.ones((9, 9)), 2)) == "<Score channel 2 in a region>"


def test_preprocessing_with_numpy_is_named() -> None:
    with pytest.raises(TypeError, match=r"preprocess is given a tensor.*use TensorFlow's op"):
        Classifier(gap_net(classes=4), preprocess=lambda x: np.array(x) / 255).logits(PHOTO)
