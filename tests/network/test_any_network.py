"""The same code on every kind of network: those of keras.applications, with random weights.

One of them is tried in every run; the others, which take minutes to trace, are marked slow:
``make test ARGS="-m slow"`` runs them.
"""

import keras
import numpy as np
import pytest

from lessons_lib.cam import cam
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.network.classifier import Classifier
from lessons_lib.score_cam import score_cam
from tests.networks import SIZE, gap_net

# Input size, the layer that is found, and whether the network ends in pooling and one linear layer.
NETWORKS = {
    "VGG16": (32, "block5_conv3", False),
    "VGG19": (32, "block5_conv4", False),
    "ResNet50": (64, "conv5_block3_out", True),
    "ResNet50V2": (64, "post_relu", True),
    "MobileNet": (64, "conv_pw_13_relu", True),
    "MobileNetV2": (64, "out_relu", True),
    "MobileNetV3Small": (64, None, False),
    "DenseNet121": (64, "relu", True),
    "EfficientNetB0": (64, "top_activation", True),
    "EfficientNetV2B0": (64, "top_activation", True),
    "NASNetMobile": (64, None, True),
    "InceptionV3": (128, "mixed10", True),
    "Xception": (96, "block14_sepconv2_act", True),
    "ConvNeXtTiny": (64, None, False),
}


QUICK = ["MobileNet"]
NESTED = ["MobileNet", "EfficientNetB0"]


def built(name: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    size, _, _ = NETWORKS[name]
    # NASNet's and the VGGs' heads need the size; all take it.
    return getattr(keras.applications, name)(
        weights=None, input_shape=(size, size, 3), classes=7, classifier_activation="softmax"
    )


@pytest.fixture(
    scope="module",  # so that each is traced once, and only one is kept in memory
    params=[n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS],
)
def net(request: pytest.FixtureRequest) -> Classifier:
    return Classifier(built(request.param), preprocess="tf", name=request.param)


def pictures(size: int, n: int = 2) -> np.ndarray:
    rng = np.random.default_rng(1)
    coarse = rng.uniform(0, 255, (n, 8, 8, 3))
    side = -(-size // 8)
    return coarse.repeat(side, axis=1).repeat(side, axis=2)[:, :size, :size].astype("float32")


def test_layer_is_found_and_maps_are_finite(net: Classifier) -> None:
    size, layer, _ = NETWORKS[net.name]
    height, width, channels = net.spatial_layers[net.layer]
    assert height * width > 1
    assert channels > 5
    assert layer is None or net.layer == layer
    x = pictures(size)
    gradient = net.gradients(x, [0, 3]).gradient
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0
    heats = grad_cam(net, x, [0, 3])
    assert heats.shape == (2, height, width)
    assert np.isfinite(heats).all()
    assert np.isfinite(score_cam(net, x[0], 3, max_channels=8)).all()
    phi = integrated_gradients(net, x[0], 3, rule="midpoint", num_steps=2).phi
    assert np.isfinite(phi).all()
    assert np.abs(phi).max() > 0


def test_cam_only_where_pooling_and_one_linear_layer_end_the_network(net: Classifier) -> None:
    size, _, linear = NETWORKS[net.name]
    x = pictures(size)
    if linear:  # the map's mean and the bias give the logit; so CAM is Grad-CAM times the places
        places = np.prod(net.spatial_layers[net.layer][:2])
        np.testing.assert_allclose(
            np.maximum(cam(net, x, 3), 0), places * grad_cam(net, x, 3), rtol=1e-3, atol=1e-5
        )
    else:
        with pytest.raises(ValueError, match="Grad-CAM"):
            cam(net, x, 3)


def test_grad_cam_equals_tf_keras_vis(net: Classifier) -> None:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear
    from tf_keras_vis.utils.scores import CategoricalScore

    x = pictures(NETWORKS[net.name][0])
    last = net.model.layers[-1]
    if type(last).__name__ == "Activation":  # ReplaceToLinear leaves such a softmax in place
        theirs = Gradcam(keras.Model(net.model.input, last.input), clone=True)
    else:
        theirs = Gradcam(net.model, model_modifier=ReplaceToLinear(), clone=True)
    expected = theirs(
        CategoricalScore([1, 4]),
        x / 127.5 - 1,  # what the network itself takes
        penultimate_layer=net.layer,
        expand_cam=False,
        normalize_cam=False,
        seek_penultimate_conv_layer=False,
    )
    ours = grad_cam(net, x, [1, 4])
    np.testing.assert_allclose(ours, np.asarray(expected), rtol=2e-3, atol=1e-5 * np.max(ours))


@pytest.mark.parametrize(
    "name", ["small", *(pytest.param(n, marks=pytest.mark.slow) for n in NESTED)]
)
def test_nested_in_sequential_and_functional_models(name: str) -> None:
    size, layer, _ = NETWORKS.get(name, (SIZE, "features", True))
    model, x = gap_net() if name == "small" else built(name), pictures(size)
    expected = grad_cam(Classifier(model), x, 2)
    inputs = keras.Input((size, size, 3))
    for outer in (
        keras.Sequential([model]),  # never called
        keras.Sequential([keras.Input((size, size, 3)), model]),
        keras.Model(inputs, model(inputs)),
    ):
        net = Classifier(outer, input_size=(size, size))
        assert net.layer.endswith(layer)
        np.testing.assert_allclose(grad_cam(net, x, 2), expected, rtol=1e-3, atol=1e-6)


def test_pictures_of_any_size_and_number() -> None:
    small = Classifier(gap_net())
    for shape in ((16, 16), (600, 600), (48, 200), (333, 77)):
        photos = np.random.default_rng(0).integers(0, 256, (9, *shape, 3), dtype=np.uint8)
        heats = grad_cam(small, photos, 0)
        assert heats.shape == (9, 5, 5)
        assert np.isfinite(heats).all()
        alone = grad_cam(small, photos[-1:], 0)
        np.testing.assert_allclose(heats[-1:], alone, rtol=1e-3, atol=1e-6)
