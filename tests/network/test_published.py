"""AlexNet, GoogLeNet and ResNet-18, and how published weights come into them."""

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import save_file

from lessons_lib import cam, models, plotting, score_cam
from lessons_lib.__main__ import main
from lessons_lib.grad_cam import grad_cam
from lessons_lib.network import architectures, published
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.lrn import LocalResponseNormalization
from lessons_lib.network.weights import own_model
from tests.network import seeded

ROOT = Path(__file__).parents[2]
GOLDEN = np.load(ROOT / "tests" / "network" / "golden_networks.npz")
PANDA = str(ROOT / "data" / "images" / "panda.jpg")
NEW = ["alexnet", "googlenet", "resnet18"]
# They have what no chain of convolutions has: LRN, branches that are joined, sums.
unlike = pytest.mark.parametrize("name", [*NEW, "squeezenet"])

# The six networks of the table in docs/networks.md: layer there, and its grid and channels.
LAYERS = {
    "squeezenet": ("conv10", (13, 13, 1000)),
    "googlenet": ("inception_5b-output", (7, 7, 1024)),
    "resnet18": ("res5b", (7, 7, 512)),
    "mobilenet_v2": ("Conv_1", (7, 7, 1280)),
    "vgg16": ("block5_conv3", (14, 14, 512)),
    "alexnet": ("conv5", (13, 13, 256)),
}


def golden_arrays(key: str) -> dict[str, np.ndarray]:
    """A network's arrays as they were when the other library was asked, in its naming."""
    shapes = json.loads(str(GOLDEN[f"{key}.shapes"]))
    return {name: seeded.array(name, tuple(shape)) for name, shape in shapes.items()}


def random_network(name: str) -> keras.Model:
    """One of the networks with seeded weights that keep activations at their size."""
    model = architectures.BUILDERS[name]()
    for layer in model.layers:
        for v in layer.weights:
            if len(v.shape) == 1:
                role = "var" if v.name in ("gamma", "moving_variance") else "bias"
                v.assign(seeded.array(f"{layer.name}.{v.name}.{role}", tuple(v.shape)))
            else:  # drawn with the outputs first, and then put where Keras has them
                last = (-2, -1) if "depthwise" in layer.name else (-1, -2)
                shape = (v.shape[last[0]], v.shape[last[1]], *v.shape[:-2])
                drawn = seeded.array(f"{layer.name}.{v.name}", shape)
                v.assign(np.moveaxis(drawn, (0, 1), last))
    return model


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Classifier]:
    """A network by its name, made when first asked for; the new ones with published weights."""

    def build(name: str) -> Classifier:
        if name == "resnet18":
            file = tmp_path_factory.mktemp("published") / "a.safetensors"
            save_file(golden_arrays(name), file)
            model = own_model(name, file)
        elif name == "squeezenet":
            model = random_network(name)
        else:
            model = architectures.BUILDERS[name]()
        if name in ("alexnet", "googlenet"):
            published.load_into(model, golden_arrays(name), published.SOURCES[name])
        return Classifier(model, None, models.NETWORKS[name].preprocess, name=name)

    return functools.cache(build)


# The same numbers as other libraries


@pytest.mark.parametrize("key", [*NEW, "torchvision_resnet18"])
def test_all_logits_equal_those_of_onnxruntime_and_torchvision(key: str, networks) -> None:
    name = key.removeprefix("torchvision_")
    network = networks(name)
    if key != name:
        published.load_into(network.model, golden_arrays(key), published.SOURCES[name])
    logits = network.logits(seeded.pictures(network.input_size[0]))
    if key != name:
        published.load_into(network.model, golden_arrays(name), published.SOURCES[name])
    np.testing.assert_allclose(logits, GOLDEN[f"{key}.logits"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("key", ["googlenet", "resnet18"])
def test_weights_come_out_of_an_onnx_file(key: str, tmp_path) -> None:
    onnx = pytest.importorskip("onnx")
    arrays = golden_arrays(key) | {"OC2_DUMMY_1": np.array([1, 1024])}  # the zoo has such a shape
    tensors = [onnx.numpy_helper.from_array(a, name) for name, a in arrays.items()]
    graph = onnx.helper.make_graph([], "network", [], [], tensors)
    onnx.save(onnx.helper.make_model(graph), tmp_path / "a.onnx")
    network = models.load(key, tmp_path / "a.onnx")
    expected = GOLDEN[f"{key}.logits"]
    np.testing.assert_allclose(network.logits(seeded.pictures(224)), expected, rtol=0, atol=1e-4)


def test_local_response_normalisation_is_caffes() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(0, 300, (2, 3, 2, 9)).astype("float32")
    square = np.pad(a**2, [(0, 0), (0, 0), (0, 0), (2, 2)])
    strength = sum(square[..., k : k + 9] for k in range(5))
    expected = a * (1 + 1e-4 / 5 * strength) ** -0.75
    layer = LocalResponseNormalization()
    np.testing.assert_allclose(layer(a), expected, rtol=1e-5)
    step = rng.normal(0, 1, a.shape).astype("float32")
    with tf.GradientTape() as tape:
        x = tf.constant(a)
        tape.watch(x)
        total = tf.reduce_sum(layer(x))
    slope = float(tf.reduce_sum(tape.gradient(total, x) * step))
    far = [np.sum(layer((a + h * step).astype("float32")), dtype=float) for h in (1, -1)]
    assert slope == pytest.approx((far[0] - far[1]) / 2, rel=1e-2)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_local_response_normalisation_bears_16_bits(kind: str) -> None:
    a = np.random.default_rng(0).normal(0, 1000, (1, 2, 2, 8)).astype("float32")
    expected = LocalResponseNormalization()(a)
    found = tf.cast(LocalResponseNormalization(dtype=kind)(a), tf.float32)
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.1)


def test_a_whole_model_with_this_layer_is_saved_and_read(tmp_path) -> None:
    model = keras.Sequential([keras.Input((4, 4, 8)), LocalResponseNormalization(name="norm1")])
    model.save(tmp_path / "a.keras")
    again = keras.models.load_model(tmp_path / "a.keras")
    x = np.random.default_rng(0).normal(0, 100, (1, 4, 4, 8)).astype("float32")
    np.testing.assert_array_equal(again(x), model(x))


# The six networks side by side


@pytest.mark.parametrize("name", LAYERS)
def test_layers_have_the_published_names_and_the_grids_of_the_table(name: str, networks) -> None:
    layer, shape = LAYERS[name]
    network = networks(name)
    assert network.spatial_layers[layer] == shape
    assert network.layer == models.NETWORKS[name].layer
    table = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    height, width, channels = shape
    pixels = network.input_size[0]
    cells = f"{pixels} | `{layer}` | {height} × {width} | {channels:,} |"
    row = next(line for line in table.splitlines() if cells in line)
    assert f"`{network.name}`" in row
    assert f"`{network.layer}`" in row
    assert (models.NETWORKS[network.name].needs or "comes with the course") in row.replace("`", "")


@unlike
def test_grad_cam_is_that_of_a_tape(name: str, networks) -> None:
    layer, shape = LAYERS[name]
    network = networks(name)
    x = network.prepare(seeded.pictures(network.input_size[0])[0])
    top = int(network.logits(x)[0].argmax())
    last = network.model.layers[-1]
    ends = [network.model.get_layer(layer).output, last.input]
    inside = keras.Model(network.model.inputs, ends)
    with tf.GradientTape() as tape:
        A, z = inside(network.preprocess(tf.constant(x)))
        if last.weights:  # a linear layer with the softmax inside; else the softmax alone
            z = z @ last.kernel + last.bias
        score = z[0, top]
    alpha = tf.reduce_mean(tape.gradient(score, A), axis=(1, 2))
    expected = np.maximum(np.einsum("hwk,k->hw", A[0], alpha[0]), 0)
    heat = grad_cam(network, x, top, layer)[0]
    assert heat.shape == shape[:2]
    assert expected.max() > 0
    np.testing.assert_allclose(heat, expected, atol=1e-4 * expected.max())


@unlike
def test_score_cam_is_that_of_masks_by_hand(name: str, networks) -> None:
    layer, shape = LAYERS[name]
    network = networks(name)
    x = network.prepare(seeded.pictures(network.input_size[0])[0])[0]
    A = network.activations(x, layer)[0]
    most = np.sort(np.argsort(-A.std(axis=(0, 1)))[:3])
    empty = network.baseline(x)[0]
    masked = [empty]
    for k in most:
        H = tf.image.resize(A[..., k, None], network.input_size).numpy()
        masked.append(empty + (H - H.min()) / (H.max() - H.min()) * (x - empty))
    logits = network.logits(masked)[:, 7]
    alpha = np.exp(logits[1:] - logits[1:].max())
    expected = np.maximum((alpha / alpha.sum() * A[..., most]).sum(axis=-1), 0)
    heat = score_cam.score_cam(network, x, 7, layer, max_channels=3)
    assert heat.shape == shape[:2]
    np.testing.assert_allclose(heat, expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_cam_where_pooling_and_one_linear_layer_follow(name: str, networks) -> None:
    network = networks(name)
    picture = seeded.pictures(224)[0]
    bias = cam.linear_head(network).b[7]
    logit = network.logits(picture)[0, 7]
    assert cam.cam(network, picture, 7).mean() + bias == pytest.approx(logit, abs=1e-4)


def test_no_cam_where_a_relu_follows(networks) -> None:
    with pytest.raises(ValueError, match="what follows layer 'res5b' is not that"):
        cam.cam(networks("resnet18"), seeded.pictures(224)[0], 7, "res5b")


def test_channels_are_drawn(networks) -> None:
    network = networks("squeezenet")
    A = network.activations(seeded.pictures(network.input_size[0])[0], LAYERS[network.name][0])[0]
    four = np.argsort(-A.std(axis=(0, 1)))[:4]
    figure = plotting.gallery([A[..., k] for k in four], [f"channel {k}" for k in four])
    for axis, k in zip(figure.axes, four, strict=True):
        assert axis.get_title() == f"channel {k}"
        expected = np.maximum(A[..., k], 0) / A[..., k].max()
        np.testing.assert_allclose(axis.images[0].get_array(), expected, atol=1e-6)


# Files


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("weights", ["course", "imagenet"])
def test_without_a_file_the_message_says_which_and_from_where(name: str, weights: str) -> None:
    with pytest.raises(FileNotFoundError) as error:
        models.load(name, weights)
    for source in published.SOURCES[name]:
        assert f"{source.file} from " in str(error.value)
        assert source.place in str(error.value)
    assert f'load("{name}", weights="{published.SOURCES[name][0].file}")' in str(error.value)


def test_an_unknown_network_lists_all() -> None:
    with pytest.raises(ValueError, match="no network 'vgg19'") as error:
        models.load("vgg19")
    assert all(name in str(error.value) for name in models.NETWORKS)


def test_onnx_is_optional_and_the_error_says_how_to_install_it(
    tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.setitem(architectures.BUILDERS, "googlenet", _tiny)
    (tmp_path / "a.onnx").write_bytes(b"any")
    with pytest.raises(ImportError, match=r"a\.onnx: pip install onnx"):
        published.read_arrays(tmp_path / "a.onnx")
    call = ["explain", PANDA, "--model", "googlenet", "--weights", str(tmp_path / "a.onnx")]
    assert main(call) == 2
    assert "error: to read a.onnx: pip install onnx" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["safetensors", "h5", "onnx"])
def test_a_file_that_is_something_else(kind: str, tmp_path, monkeypatch) -> None:
    path = tmp_path / f"a.{kind}"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match="Git LFS"):
        published.read_arrays(path)
    if kind == "onnx":
        pytest.importorskip("onnx")
    path.write_bytes(b"<!DOCTYPE html>")
    monkeypatch.setitem(architectures.BUILDERS, "googlenet", _tiny)
    with pytest.raises(ValueError, match=rf"a\.{kind} does not fit googlenet: "):
        models.load("googlenet", path)


def _tiny() -> keras.Model:
    inputs = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3, name="conv1")(inputs)
    x = keras.layers.BatchNormalization(name="bn_conv1")(x)
    x = keras.layers.Conv2D(4, 1, name="conv2")(x)
    x = keras.layers.Conv2D(4, 1, name="conv3")(x)
    x = keras.layers.Dense(3, name="fc")(keras.layers.Flatten()(x))
    return keras.Model(inputs, x)


def _drawn(model: keras.Model, seed: int = 0) -> keras.Model:
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("file", ["a.weights.h5", "a.h5", "a.safetensors"])
def test_files_of_keras_and_of_the_course_are_read_by_name(file: str, tmp_path) -> None:
    model, other = _drawn(_tiny()), _tiny()
    if file == "a.weights.h5":
        model.save_weights(tmp_path / file)
    elif file == "a.h5":
        model.save(tmp_path / file)
    else:
        save_file(architectures.get_weights(model), tmp_path / file)
    published.load_into(other, published.read_arrays(tmp_path / file), ())
    for ours, theirs in zip(other.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=ours.path)


def test_h5_goes_by_the_names_and_not_by_the_order(tmp_path) -> None:
    """Keras itself takes a ``.weights.h5`` in the order of the layers, whatever they are called."""
    model, other = _drawn(_tiny()), _tiny()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        for folder in file["layers"].values():
            name = folder["vars"].attrs["name"]
            folder["vars"].attrs["name"] = {"conv2": "conv3", "conv3": "conv2"}.get(name, name)
    published.load_into(other, published.read_arrays(tmp_path / "a.weights.h5"), ())
    kernels = [m.get_layer(n).get_weights()[0] for m, n in ((model, "conv2"), (other, "conv3"))]
    np.testing.assert_array_equal(*kernels)


def _remove(arrays) -> None:
    del arrays["conv2_b_0"]


def _rename(arrays) -> None:
    for name in list(arrays):
        arrays[f"features.{name}"] = arrays.pop(name)


def _add(arrays) -> None:
    arrays["loss1/classifier_w_0"] = np.ones((3, 4), np.float32)


def _reshape(arrays) -> None:
    arrays["conv1_w_0"] = arrays["conv1_w_0"].transpose(2, 3, 1, 0)


def _spoil(arrays) -> None:
    arrays["fc_b_0"] = np.float32([1, np.nan, 2])


def _quantise(arrays) -> None:
    arrays["conv3_w_0"] = arrays["conv3_w_0"].astype(np.uint8)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (_remove, r"of 8 arrays 1 are missing, e\.g\. conv2_b_0"),
        (_rename, r"of 8 arrays 8 are missing.*the file has features\.conv1_w_0"),
        (_add, r"1 arrays belong to no layer, e\.g\. loss1/classifier_w_0"),
        (_reshape, r"conv1_w_0 has shape \(3, 3, 2, 4\), the network wants \(4, 2, 3, 3\)"),
        (_spoil, r"fc_b_0 has values that are not finite"),
        (_quantise, r"conv3_w_0 is of uint8: quantised"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(fault, message: str) -> None:
    layers = [layer for layer in _tiny().layers if layer.name != "bn_conv1"]
    x = layers[0].output
    for layer in layers[1:]:
        x = layer(x)
    model = _drawn(keras.Model(layers[0].output, x))
    source = published.Source("a", "b", published.caffe2_name)
    shapes = {"conv1": (4, 2, 3, 3), "conv2": (4, 4, 1, 1), "conv3": (4, 4, 1, 1), "fc": (3, 64)}
    arrays = {f"{n}_w_0": seeded.array(n, shape) for n, shape in shapes.items()}
    arrays |= {f"{n}_b_0": seeded.array(n, shape[:1]) for n, shape in shapes.items()}
    published.load_into(model, arrays | {"ratio": np.float32(0.5)}, (source,))
    kernel = model.get_layer("conv1").get_weights()[0]
    np.testing.assert_array_equal(kernel, arrays["conv1_w_0"].transpose(2, 3, 1, 0))

    before = _drawn(model, 1).get_weights()
    fault(arrays)
    with pytest.raises(ValueError, match=message):
        published.load_into(model, arrays, (source,))
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("alexnet", "features.0.weight"),  # torchvision's AlexNet
        ("googlenet", "inception3a.branch1.conv.weight"),  # torchvision's GoogLeNet
        ("resnet18", "resnetv22_stage1_conv0_weight"),  # the zoo's ResNet-18 v2
        ("resnet18", "resnet.embedder.embedder.convolution.weight"),  # transformers' ResNet-18
    ],
)
def test_relatives_of_another_architecture_are_refused(name: str, array: str, networks) -> None:
    arrays = {array: np.ones((2, 2), np.float32)}
    with pytest.raises(ValueError, match=f"are missing.*{array}"):
        published.load_into(networks(name).model, arrays, published.SOURCES[name])


def test_other_networks_do_not_read_onnx(tmp_path) -> None:
    (tmp_path / "a.onnx").touch()
    with pytest.raises(ValueError, match=r"a\.onnx: weights are read from \.safetensors, \.h5 or"):
        models.load("squeezenet", tmp_path / "a.onnx")
    (tmp_path / "a.pt").touch()
    with pytest.raises(ValueError, match=r"a\.pt: weights are read from .*\.onnx or \.keras"):
        models.load("alexnet", tmp_path / "a.pt")
