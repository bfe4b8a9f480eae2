"""The page docs/other_libraries.md, run: each library's network beside the same one in Keras.

What is not installed is skipped. The oracle has the same weights, and preprocesses by itself.
"""

import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from lessons_lib import judging, lime, maps, methods
from lessons_lib.network.black_box import BlackBox
from lessons_lib.network.classifier import Classifier
from tests.networks import SIZE, gap_net, pictures

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "other_libraries.md").read_text("utf-8")
LABELS = ["cat", "dog", "owl"]
KERAS = gap_net()  # begins with a division by 64
NET = Classifier(KERAS, LABELS)


def photo() -> np.ndarray:
    grain = np.random.default_rng(5).normal(0, 30, (20, 20, 3))
    return np.clip(pictures(1)[0] + grain, 0, 255).astype("uint8")


def of_the_page(title: str, **names: object) -> dict:
    """Run a chapter's code; names of what it made."""
    (chapter,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)
    (code,) = re.findall(r"```python\n(.*?)```", chapter, re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 8
    exec(code.replace("(224, 224)", f"({SIZE}, {SIZE})"), names)
    return names


def torch_twin(end: str = "logits"):
    """The same network in PyTorch, for pixels 0..1."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Scale(nn.Module):
        def forward(self, x):
            return x * (255 / 64)

    first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3)
    last = nn.Linear(6, 3)
    for ours, name in ((first, "first"), (second, "features"), (last, "scores")):
        kernel, bias = KERAS.get_layer(name).get_weights()
        axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        ours.weight.data = torch.from_numpy(kernel.transpose(axes).copy())
        ours.bias.data = torch.from_numpy(bias)
    return nn.Sequential(
        Scale(), first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), last,
        nn.Softmax(dim=1) if end == "probabilities" else nn.Identity(),
    ).eval()  # fmt: skip


def write_onnx(path: Path, end: str = "probabilities", batch: int | str = "n") -> None:
    """The same network as an ONNX file, for pixels 0..1."""
    onnx = pytest.importorskip("onnx")
    node, tensor = onnx.helper.make_node, onnx.numpy_helper.from_array
    weights = [tensor(np.float32(255 / 64), "scale")]
    for layer in ("first", "features", "scores"):
        kernel, bias = KERAS.get_layer(layer).get_weights()
        kernel = kernel.transpose(3, 2, 0, 1) if kernel.ndim == 4 else kernel
        weights += [tensor(kernel.copy(), f"{layer}.w"), tensor(bias, f"{layer}.b")]
    nodes = [
        node("Mul", ["pixels", "scale"], ["scaled"]),
        node("Conv", ["scaled", "first.w", "first.b"], ["a"]),
        node("Relu", ["a"], ["b"]),
        node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["c", "features.w", "features.b"], ["d"]),
        node("Relu", ["d"], ["e"]),
        node("GlobalAveragePool", ["e"], ["f"]),
        node("Flatten", ["f"], ["g"]),
        node("Gemm", ["g", "scores.w", "scores.b"], ["h"]),
        node("Softmax" if end == "probabilities" else "Identity", ["h"], ["answer"]),
    ]
    floats = onnx.TensorProto.FLOAT
    given = onnx.helper.make_tensor_value_info("pixels", floats, [batch, 3, SIZE, SIZE])
    answer = onnx.helper.make_tensor_value_info("answer", floats, [batch, 3])
    graph = onnx.helper.make_graph(nodes, "twin", [given], [answer], weights)
    opset = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def pytorch(tmp_path: Path, end: str) -> BlackBox:
    return of_the_page("PyTorch", model=torch_twin(end), labels=LABELS)["network"]


def onnx(tmp_path: Path, end: str) -> BlackBox:
    pytest.importorskip("onnxruntime")
    write_onnx(tmp_path / "network.onnx", end)
    return of_the_page("ONNX", labels=LABELS)["network"]


def tflite(tmp_path: Path, end: str) -> BlackBox:
    x = tf.keras.Input((SIZE, SIZE, 3))
    core = KERAS if end == "probabilities" else logits_of_keras()
    model = tf.keras.Model(x, core(tf.keras.layers.Rescaling(255)(x)))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (tmp_path / "network.tflite").write_bytes(converter.convert())
    return of_the_page("TFLite", labels=LABELS)["network"]


def logits_of_keras() -> tf.keras.Model:
    twin = gap_net(last=None)
    twin.set_weights(KERAS.get_weights())
    return twin


def saved_model(tmp_path: Path, end: str) -> BlackBox:
    core = KERAS if end == "probabilities" else logits_of_keras()
    core.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "saved")
    return BlackBox(loaded.serve, LABELS, (SIZE, SIZE))


LIBRARIES = {"PyTorch": pytorch, "ONNX": onnx, "TFLite": tflite, "SavedModel": saved_model}


@pytest.mark.filterwarnings("ignore::UserWarning:tensorflow", "ignore:.*tf.lite.Interpreter")
@pytest.mark.parametrize(
    ("library", "end"), zip(LIBRARIES, ["logits", "probabilities"] * 2, strict=True)
)
def test_the_page_explains_a_network_as_the_same_one_in_keras(
    library: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    box = LIBRARIES[library](tmp_path, end)
    # Of probabilities the logarithm is explained: for the oracle too.
    oracle = (
        NET if end == "logits" else Classifier(unseen_softmax(), LABELS, ending="probabilities")
    )
    close = {"rtol": 2e-3, "atol": 2e-4}
    np.testing.assert_allclose(box.probabilities(photo()), oracle.probabilities(photo()), **close)
    np.testing.assert_allclose(box.logits(photo()), oracle.logits(photo()), **close)
    options = {"baseline": "grey"}
    for method in (
        lambda net: maps.occlusion(net, photo(), "dog", window=4, **options),
        lambda net: maps.rise(net, photo(), "dog", samples=40, **options),
        lambda net: methods.heat_maps(methods.METHODS["LIME"], net, photo(), "dog"),
        lambda net: methods.heat_maps(methods.METHODS["KernelSHAP"], net, photo(), "dog"),
        lambda net: judging.deletion(net, photo(), np.eye(4), **options).probability,
        lambda net: judging.insertion(net, photo(), np.eye(4)).probability,
    ):
        expected = method(oracle)
        assert np.abs(method(box) - expected).max() < 0.01 * np.ptp(expected)

    PIL.Image.fromarray(photo()).save("cat.jpg")
    code = of_the_page("And then", network=box)
    assert code["heat"].shape == (SIZE, SIZE)


def unseen_softmax() -> tf.keras.Model:
    """The network with its probabilities made by hand, so that no softmax is seen behind them."""
    logits = logits_of_keras()
    e = tf.keras.ops.exp(logits.outputs[0])
    return tf.keras.Model(logits.inputs, e / tf.keras.ops.sum(e, axis=-1, keepdims=True))


def test_an_onnx_file_for_one_picture_at_a_time(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    write_onnx(tmp_path / "one.onnx", "logits", batch=1)
    session = onnxruntime.InferenceSession(tmp_path / "one.onnx")

    def predict(x: np.ndarray) -> list[np.ndarray]:
        return session.run(None, {"pixels": x.transpose(0, 3, 1, 2) / 255})

    with pytest.raises(Exception, match="invalid dimensions") as caught:
        BlackBox(predict, LABELS, (SIZE, SIZE))
    assert "shape (4, 16, 16, 3)" in caught.value.__notes__[0]
    box = BlackBox(predict, LABELS, (SIZE, SIZE), batch_size=1)
    segments = np.add.outer(np.arange(SIZE) // 8 * 2, np.arange(SIZE) // 8)
    found, expected = (
        lime.sample_image(net, photo(), segments, samples=20, scores="logit").scores
        for net in (box, NET)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", ["with its gradient", "half", "bfloat16", "float64", "in a list"])
def test_tensors_of_pytorch_as_they_come(kind: str) -> None:
    torch = pytest.importorskip("torch")
    model = torch_twin()
    as_it_comes = {
        "with its gradient": lambda y: y,
        "half": lambda y: y.half(),
        "bfloat16": lambda y: y.bfloat16(),
        "float64": lambda y: y.double(),
        "in a list": lambda y: [y],
    }[kind]

    def predict(x: np.ndarray):
        return as_it_comes(model(torch.from_numpy(x).permute(0, 3, 1, 2) / 255))

    box = BlackBox(predict, LABELS, (SIZE, SIZE))
    assert not (
        kind == "with its gradient"
        and not predict(np.zeros((1, 16, 16, 3), "float32")).requires_grad
    )
    rough = {"rtol": 2e-2, "atol": 2e-2} if kind in ("half", "bfloat16") else {"rtol": 1e-3}
    np.testing.assert_allclose(box.probabilities(photo()), NET.probabilities(photo()), **rough)


def test_pytorch_in_training_mode_and_wrong_layouts_are_seen() -> None:
    torch = pytest.importorskip("torch")
    model = torch_twin()
    model.insert(5, torch.nn.Dropout(0.5))

    def predict(x: np.ndarray):
        return model(torch.from_numpy(x).permute(0, 3, 1, 2) / 255)

    with pytest.warns(UserWarning, match=r"model\.eval\(\) first"):
        BlackBox(predict, LABELS, (SIZE, SIZE))
    model.eval()
    BlackBox(predict, LABELS, (SIZE, SIZE))
    with pytest.raises(TypeError, match="predict_proba"):
        BlackBox(lambda x: predict(x).argmax(dim=1), LABELS, (SIZE, SIZE))
    with pytest.raises(RuntimeError, match="channels") as caught:
        BlackBox(lambda x: model(torch.from_numpy(x)), LABELS, (SIZE, SIZE))
    assert "float32 pixels 0..255 of shape (4, 16, 16, 3)" in caught.value.__notes__[0]
