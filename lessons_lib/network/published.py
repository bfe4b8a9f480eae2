"""Published weights that the course does not carry: out of a file that the reader has.

Read are the ONNX model zoo's ``.onnx``, torchvision's ``.safetensors``, and what Keras or the
course itself wrote (``.h5``, ``.safetensors``). The formats hold numbers only, and cannot run code.
Each array is checked for its name and its shape before any goes into the network.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

Naming = Callable[[str, str], str]
"""From a layer's name and that of one of its variables to what a file calls the array."""

ROLES = {  # of a variable, in Keras and elsewhere
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def keras_name(layer: str, variable: str) -> str:
    """The name in files that Keras, or the course, wrote; see `read`."""
    return f"{layer}.{variable}"


def caffe2_name(layer: str, variable: str) -> str:
    """The name in the zoo's files that came from Caffe: the layer's own.

    Examples
    --------
    >>> caffe2_name("inception_3a-1x1", "kernel")
    'inception_3a/1x1_w_0'
    """
    return f"{layer.replace('-', '/')}_{ROLES[variable][0]}_0"


def _place(layer: str) -> tuple[int, int, str]:
    """Stage 1..4, block 0 or 1, and branch of one of ResNet's layers."""
    head, branch = layer.split("_branch")
    return int(head[-2]) - 1, "ab".index(head[-1]), branch


def gluon_name(layer: str, variable: str) -> str:
    """The name in the zoo's ResNet-18, which came from MXNet Gluon: numbered within each stage.

    Examples
    --------
    >>> gluon_name("res3a_branch1", "kernel"), gluon_name("bn2b_branch2a", "gamma")
    ('resnetv15_stage2_conv2_weight', 'resnetv15_stage1_batchnorm2_gamma')
    """
    role = variable if variable in ("gamma", "beta") else ROLES[variable]
    if layer in (ends := {"conv1": "conv0", "bn_conv1": "batchnorm0", "fc1000": "dense0"}):
        return f"resnetv15_{ends[layer]}_{role}"
    stage, block, branch = _place(layer)
    # Convolutions are counted along the stage: 2a, 2b and, from stage 2 on, 1 of the first block.
    number = {"2a": 0, "2b": 1, "1": 2}[branch] + block * (2 if stage == 1 else 3)
    kind = "batchnorm" if layer.startswith("bn") else "conv"
    return f"resnetv15_stage{stage}_{kind}{number}_{role}"


def torchvision_name(layer: str, variable: str) -> str:
    """The name in torchvision's ResNet-18.

    Examples
    --------
    >>> torchvision_name("res3a_branch1", "kernel"), torchvision_name("bn2b_branch2a", "gamma")
    ('layer2.0.downsample.0.weight', 'layer1.1.bn1.weight')
    """
    role = ROLES[variable]
    if layer in (ends := {"conv1": "conv1", "bn_conv1": "bn1", "fc1000": "fc"}):
        return f"{ends[layer]}.{role}"
    stage, block, branch = _place(layer)
    norm = layer.startswith("bn")
    inner = {"1": f"downsample.{int(norm)}"}.get(
        branch, f"{'bn' if norm else 'conv'}{'ab'.find(branch[-1]) + 1}"
    )
    return f"layer{stage}.{block}.{inner}.{role}"


class Source(NamedTuple):
    """Where a network's weights are published, and how that file names its arrays."""

    file: str
    place: str
    naming: Naming


ZOO = (
    "the ONNX model zoo (https://huggingface.co/onnxmodelzoo/legacy_models, folder "
    "validated/vision/classification/{}/model)"
)
SOURCES: dict[str, tuple[Source, ...]] = {
    "alexnet": (Source("bvlcalexnet-12.onnx", ZOO.format("alexnet"), caffe2_name),),
    "googlenet": (
        Source("googlenet-12.onnx", ZOO.format("inception_and_googlenet/googlenet"), caffe2_name),
    ),
    "resnet18": (
        Source("resnet18-v1-7.onnx", ZOO.format("resnet"), gluon_name),
        Source(
            "model.safetensors",
            "timm's copy of torchvision's weights (https://huggingface.co/timm/resnet18.tv_in1k)",
            torchvision_name,
        ),
    ),
}


def files(name: str) -> str:
    """The files that a network's weights can come from.

    Examples
    --------
    >>> files("resnet18")
    'resnet18-v1-7.onnx or model.safetensors'
    """
    return " or ".join(source.file for source in SOURCES[name])


def cure(name: str) -> str:
    """What to fetch, and what to do with it; ends a message."""
    files = ", or ".join(f"{source.file} from {source.place}" for source in SOURCES[name])
    file = SOURCES[name][0].file
    return (
        f'Fetch {files}; then load("{name}", weights="{file}"), or in the shell '
        f"--model {name} --weights {file}"
    )


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a file, by the names that they have there.

    Arrays that Keras or the course wrote are called ``layer.variable``; their number of order, and
    the folders around them, fall away.

    Raises
    ------
    ImportError
        If the file is ``.onnx``, and onnx is not installed.
    OSError, ValueError, safetensors.SafetensorError
        If the file is not what its ending says.
    """
    head = path.open("rb").read(200)
    if head.startswith(b"version https://git-lfs"):
        raise ValueError("it is only Git LFS's note of where the file is; download the file itself")
    return {".onnx": _read_onnx, ".safetensors": _read_safetensors, ".h5": _read_h5}[path.suffix](
        path
    )


def _read_onnx(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import onnx
    except ImportError as error:
        raise ImportError(f"to read {path.name}: pip install onnx") from error
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf's DecodeError is of no built-in kind
        raise ValueError(f"it is not an ONNX model: {error}") from error
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _read_safetensors(path: Path) -> dict[str, NDArray[Any]]:
    arrays = safetensors.numpy.load_file(path)
    return {re.sub(r"^\d{3}\.", "", name): array for name, array in arrays.items()}


def _read_h5(path: Path) -> dict[str, NDArray[Any]]:
    arrays = {}

    def note(place: str, entry: Any) -> None:
        if not isinstance(entry, h5py.Dataset):
            return
        folder, variable = entry.parent, place.split("/")[-1].split(":")[0]
        layer = folder.attrs.get("name", folder.name.split("/")[-1])
        if variable.isdigit():  # *.weights.h5 numbers a layer's variables
            variable = list(ROLES)[int(variable) + (2 if len(folder) == 4 else 0)]
        arrays[keras_name(layer, variable)] = np.asarray(entry)

    with h5py.File(path) as file:
        file.visititems(note)
    return arrays


def load_into(
    model: keras.Model, arrays: dict[str, NDArray[Any]], sources: tuple[Source, ...]
) -> None:
    """Put a file's arrays into a network, whichever of the namings they have.

    Parameters
    ----------
    model
        The network.
    arrays
        From `read`. Numbers that are not weights, such as a shape or a counter, may be among them.
    sources
        Whose naming and order of axes the arrays may have, besides Keras's own.

    Raises
    ------
    ValueError
        If an array is missing, or has another shape, or is not of finite numbers, or belongs to no
        layer; nothing is assigned then.
    """
    variables = [(layer.name, v) for layer in model.layers for v in layer.weights]
    namings = (keras_name, *(source.naming for source in sources))
    candidates = [{naming(layer, v.name): v for layer, v in variables} for naming in namings]
    wanted = max(candidates, key=lambda names: len(names.keys() & arrays.keys()))
    if missing := [name for name in wanted if name not in arrays]:
        raise ValueError(
            f"of {len(wanted)} arrays {len(missing)} are missing, e.g. {missing[0]}; "
            f"the file has {', '.join(list(arrays)[:3]) or 'none'}, ..."
        )
    weights = [n for n, a in arrays.items() if a.dtype.kind == "f" and a.size > 1]
    if extra := [name for name in weights if name not in wanted]:
        raise ValueError(f"{len(extra)} arrays belong to no layer, e.g. {extra[0]}")
    as_keras = _checked if wanted is candidates[0] else _from_published
    new = [as_keras(name, arrays[name], tuple(v.shape)) for name, v in wanted.items()]
    for variable, array in zip(wanted.values(), new, strict=True):
        variable.assign(array)


def _from_published(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """An array in Keras's order of axes, (height, width, in, out); elsewhere out comes first."""
    if len(shape) == 1:
        return _checked(name, array, shape)
    *size, inputs, outputs = shape
    published = (outputs, inputs, *size)
    if array.shape == (outputs, inputs * int(np.prod(size))):  # fc6 stands as a flat matrix
        array = array.reshape(published)
    return np.moveaxis(_checked(name, array, published), (0, 1), (-1, -2))


def _checked(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The array as float32, if it is of this shape and of finite numbers."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, the network wants {shape}")
    if array.dtype.kind not in "fV":  # V: bfloat16
        raise ValueError(f"{name} is of {array.dtype}: quantised weights cannot be read")
    result = array.astype(np.float32)
    if not np.isfinite(result).all():
        raise ValueError(f"{name} has values that are not finite (NaN or infinite)")
    return result
