"""What other libraries say of AlexNet, GoogLeNet and ResNet-18, for the tests to compare with.

    python tools/weights/golden_networks.py

Writes each network as an ONNX graph with seeded random weights, named and laid out as in the ONNX
model zoo, asks onnxruntime for the logits of two pictures, asks torchvision's ResNet-18 too, and
writes ``tests/network/golden_networks.npz``: the logits, and each array's name and shape.

Needs ``onnx``, ``onnxruntime``, ``torch`` and ``torchvision``, but neither Keras nor this package:
the networks are written here once more, after Caffe's and torchvision's definitions.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "network"))
import seeded  # noqa: E402

BGR_MEAN = np.float32([103.939, 116.779, 123.68])
RGB_MEAN, RGB_STD = np.float32([123.675, 116.28, 103.53]), np.float32([58.395, 57.12, 57.375])


class Graph:
    """An ONNX graph that grows by one operation at a time."""

    def __init__(self) -> None:
        self.nodes, self.shapes = [], {}

    def weight(self, name: str, *shape: int) -> str:
        self.shapes[name] = shape
        return name

    def op(self, kind: str, *inputs: str, **attributes) -> str:
        output = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def model(self, size: int, output: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("data_0", TensorProto.FLOAT, ["n", 3, size, size])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", 1000])],
            [numpy_helper.from_array(seeded.array(n, s), n) for n, s in self.shapes.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
        onnx.checker.check_model(model)
        return model


def conv(g: Graph, x: str, name: str, out: int, into: int, size: int, stride=1, pad=0, group=1):
    """Convolution and ReLU, with the names of Caffe2."""
    w = g.weight(f"{name}_w_0", out, into // group, size, size)
    b = g.weight(f"{name}_b_0", out)
    y = g.op(
        "Conv", x, w, b,
        kernel_shape=[size] * 2, strides=[stride] * 2, pads=[pad] * 4, group=group,
    )  # fmt: skip
    return g.op("Relu", y)


def fully_connected(g: Graph, x: str, name: str, out: int, into: int) -> str:
    w, b = g.weight(f"{name}_w_0", out, into), g.weight(f"{name}_b_0", out)
    return g.op("Gemm", x, w, b, transB=1)


def pool(g: Graph, x: str, stride: int = 2, pad: int = 0) -> str:
    """Caffe's: windows of 3 x 3, their number rounded up."""
    return g.op(
        "MaxPool", x, kernel_shape=[3, 3], strides=[stride] * 2, pads=[pad] * 4, ceil_mode=1
    )


def lrn(g: Graph, x: str) -> str:
    return g.op("LRN", x, size=5, alpha=1e-4, beta=0.75, bias=1.0)


def alexnet(g: Graph) -> str:
    x = pool(g, lrn(g, conv(g, "data_0", "conv1", 96, 3, 11, stride=4)))
    x = pool(g, lrn(g, conv(g, x, "conv2", 256, 96, 5, pad=2, group=2)))
    x = conv(g, x, "conv3", 384, 256, 3, pad=1)
    x = conv(g, x, "conv4", 384, 384, 3, pad=1, group=2)
    x = pool(g, conv(g, x, "conv5", 256, 384, 3, pad=1, group=2))
    x = g.op("Relu", fully_connected(g, g.op("Flatten", x), "fc6", 4096, 9216))
    x = g.op("Relu", fully_connected(g, x, "fc7", 4096, 4096))
    return fully_connected(g, x, "fc8", 1000, 4096)


def googlenet(g: Graph) -> str:
    def inception(x, name, into, one, reduce3, three, reduce5, five, projection):
        name = f"inception_{name}"
        a = conv(g, x, f"{name}/1x1", one, into, 1)
        b = conv(g, x, f"{name}/3x3_reduce", reduce3, into, 1)
        b = conv(g, b, f"{name}/3x3", three, reduce3, 3, pad=1)
        c = conv(g, x, f"{name}/5x5_reduce", reduce5, into, 1)
        c = conv(g, c, f"{name}/5x5", five, reduce5, 5, pad=2)
        d = conv(g, pool(g, x, stride=1, pad=1), f"{name}/pool_proj", projection, into, 1)
        return g.op("Concat", a, b, c, d, axis=1)

    x = lrn(g, pool(g, conv(g, "data_0", "conv1/7x7_s2", 64, 3, 7, stride=2, pad=3)))
    x = conv(g, x, "conv2/3x3_reduce", 64, 64, 1)
    x = pool(g, lrn(g, conv(g, x, "conv2/3x3", 192, 64, 3, pad=1)))
    x = inception(x, "3a", 192, 64, 96, 128, 16, 32, 32)
    x = inception(x, "3b", 256, 128, 128, 192, 32, 96, 64)
    x = pool(g, x)
    x = inception(x, "4a", 480, 192, 96, 208, 16, 48, 64)
    x = inception(x, "4b", 512, 160, 112, 224, 24, 64, 64)
    x = inception(x, "4c", 512, 128, 128, 256, 24, 64, 64)
    x = inception(x, "4d", 512, 112, 144, 288, 32, 64, 64)
    x = inception(x, "4e", 528, 256, 160, 320, 32, 128, 128)
    x = pool(g, x)
    x = inception(x, "5a", 832, 256, 160, 320, 32, 128, 128)
    x = inception(x, "5b", 832, 384, 192, 384, 48, 128, 128)
    x = g.op("Flatten", g.op("AveragePool", x, kernel_shape=[7, 7]))
    return fully_connected(g, x, "loss3/classifier", 1000, 1024)


def resnet18(g: Graph) -> str:
    """MXNet Gluon's ResNet-18 v1, with the zoo's names."""

    def conv_norm(x, prefix, number, out, into, size, stride):
        w = g.weight(f"{prefix}conv{number}_weight", out, into, size, size)
        y = g.op("Conv", x, w, kernel_shape=[size] * 2, strides=[stride] * 2, pads=[size // 2] * 4)
        roles = ("gamma", "beta", "running_mean", "running_var")
        norm = [g.weight(f"{prefix}batchnorm{number}_{role}", out) for role in roles]
        return g.op("BatchNormalization", y, *norm, epsilon=1e-5)

    x = g.op("Relu", conv_norm("data_0", "resnetv15_", 0, 64, 3, 7, 2))
    x = g.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    into = 64
    for stage, out in enumerate((64, 128, 256, 512), 1):
        prefix, number = f"resnetv15_stage{stage}_", 0
        for block in range(2):
            stride = 2 if stage > 1 and block == 0 else 1
            y = g.op("Relu", conv_norm(x, prefix, number, out, into, 3, stride))
            y = conv_norm(y, prefix, number + 1, out, out, 3, 1)
            number += 2
            if into != out:
                x = conv_norm(x, prefix, number, out, into, 1, stride)
                number += 1
            x, into = g.op("Relu", g.op("Add", y, x)), out
    x = g.op("Flatten", g.op("GlobalAveragePool", x))
    w, b = g.weight("resnetv15_dense0_weight", 1000, 512), g.weight("resnetv15_dense0_bias", 1000)
    return g.op("Gemm", x, w, b, transB=1)


def channels_first(pictures: np.ndarray, caffe: bool) -> np.ndarray:
    x = pictures[..., ::-1] - BGR_MEAN if caffe else (pictures - RGB_MEAN) / RGB_STD
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))


def torchvision_resnet18() -> tuple[np.ndarray, dict]:
    model = torchvision.models.resnet18(weights=None).eval()
    state = {n: tuple(t.shape) for n, t in model.state_dict().items() if t.is_floating_point()}
    arrays = {name: torch.from_numpy(seeded.array(name, shape)) for name, shape in state.items()}
    model.load_state_dict(arrays, strict=False)
    with torch.no_grad():
        x = torch.from_numpy(channels_first(seeded.pictures(224), caffe=False))
        return model(x).numpy(), state


def main() -> None:
    golden = {}
    for build, size, caffe in (
        (alexnet, 227, True),
        (googlenet, 224, True),
        (resnet18, 224, False),
    ):
        graph = Graph()
        model = graph.model(size, build(graph))
        if len(sys.argv) > 1:  # a folder: keep the graphs
            onnx.save(model, Path(sys.argv[1]) / f"{build.__name__}.onnx")
        session = onnxruntime.InferenceSession(model.SerializeToString())
        (logits,) = session.run(None, {"data_0": channels_first(seeded.pictures(size), caffe)})
        golden[build.__name__] = logits, graph.shapes
    golden["torchvision_resnet18"] = torchvision_resnet18()
    file = {}
    for name, (logits, shapes) in golden.items():
        print(f"{name}: {len(shapes)} arrays, logits {logits.min():.2f} to {logits.max():.2f}")
        file |= {f"{name}.logits": logits, f"{name}.shapes": np.array(json.dumps(shapes))}
    np.savez_compressed(ROOT / "tests" / "network" / "golden_networks.npz", **file)


if __name__ == "__main__":
    main()
