"""Weight files: where they are, whether they are whole, and how they come into a network.

Every file is hashed before a byte of it is parsed. The formats (safetensors, Keras's h5) hold
numbers only and cannot run code.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import keras
import safetensors
import safetensors.numpy

from lessons_lib.basics.files import DATA, checked_bytes
from lessons_lib.network import architectures, published

FOLDER = DATA / "weights"

# Builder, file name and MD5 of Keras's official weights, as Keras publishes them.
OFFICIAL: dict[str, tuple[Callable[..., keras.Model], str, str]] = {
    "mobilenet_v2": (
        keras.applications.MobileNetV2,
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
        "321911b381f6fd09b744356f6796ee18",
    ),
    "vgg16": (
        keras.applications.VGG16,
        "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
        "64373286793e3c8b2b4e3219cbf3544b",
    ),
    "xception": (
        keras.applications.Xception,
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
    ),
}


class OfflineError(ConnectionError):
    """The official weights are neither here nor to be had."""


def manifest() -> dict[str, dict[str, str]]:
    """What ``data/weights/manifest.json`` says of each file: SHA-256, source, licence, making."""
    return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))


def course_model(name: str) -> keras.Model:
    """One of the course's networks with the weights in ``data/weights``."""
    entries = {entry["network"]: (file, entry) for file, entry in manifest().items()}
    if name not in entries:
        raise FileNotFoundError(f"the course has no weights for {name}. {published.cure(name)}")
    file, entry = entries[name]
    cure = f"Restore it with: git checkout -- data/weights/{file}"
    content = checked_bytes(FOLDER / file, entry["sha256"], "sha256", cure)
    model = architectures.BUILDERS[name]()
    if file.endswith(".h5"):
        model.load_weights(FOLDER / file)
    else:
        architectures.set_weights(model, safetensors.numpy.load(content))
    return model


def official_model(name: str) -> keras.Model:
    """Keras's official network; one that Keras has not comes from the course."""
    if name not in OFFICIAL:
        return course_model(name)
    build, file, md5 = OFFICIAL[name]
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "models" / file
    cure = "Delete it, and Keras downloads it again."
    if path.exists():
        checked_bytes(path, md5, "md5", cure)
    try:
        model = build(weights="imagenet")
    except Exception as error:  # Keras raises a bare Exception when the download fails
        raise OfflineError(
            f"Keras could not download its official weights for {name} to {path}: {error}. "
            f'Without a connection use the course\'s own weights: load("{name}", '
            'weights="course").'
        ) from error
    if path.exists():
        checked_bytes(path, md5, "md5", cure)
    return model


def saved_model(path: str | Path, *, unsafe: bool = False) -> keras.Model:
    """A whole model from a file ``.keras``, without running any code that the file may hold.

    Parameters
    ----------
    path
        The file.
    unsafe
        Run the code of Lambda layers that stands in the file: only for files of your own, or of
        someone whom you trust, for it may do anything on your computer.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none that Keras can read, or holds code of its own and may not run it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if path.suffix != ".keras":
        raise ValueError(
            f"{path.name}: a model is read from a .keras file; load this one in Python, and save "
            'it again: keras.models.load_model(path).save("model.keras")'
        )
    try:
        return keras.models.load_model(path, compile=False, safe_mode=not unsafe)
    except Exception as error:  # of any type: the file may hold anything
        said = " ".join(str(error).split())
        if not unsafe and re.search("unsafe|safe_mode|arbitrary code", said):
            raise ValueError(
                f"{path} holds code of its own, as a Lambda layer does, and it was not run: code "
                "from a stranger's file may do anything on your computer. Only if you made the "
                "file, or trust who did: --unsafe in the shell, unsafe=True in Python, runs it"
            ) from error
        own = re.search(r"Could not locate (?:class|function) '([^']+)'", said)
        if own:
            raise ValueError(
                f"{path} needs {own[1]!r}, which Keras does not know. If the file is yours, load "
                "it in Python with keras.models.load_model(path, custom_objects="
                f"{{{own[1]!r}: ...}}), and give the model to a Classifier"
            ) from error
        raise ValueError(f"{path} cannot be read as a Keras model: {said[:200]}") from error


def own_model(name: str, path: Path) -> keras.Model:
    """The reader's own weights for one of the course's architectures, or a whole model."""
    if not path.is_file():
        raise FileNotFoundError(
            f'there is no file {path}; weights are "course", "imagenet" or the path of a file'
        )
    try:
        if path.suffix == ".keras":
            return saved_model(path)
        if name in published.SOURCES and path.suffix in (".onnx", ".safetensors", ".h5"):
            model = architectures.BUILDERS[name]()
            published.load_into(model, published.read_arrays(path), published.SOURCES[name])
            return model
        if path.suffix == ".safetensors":
            model = architectures.BUILDERS[name]()
            architectures.set_weights(model, safetensors.numpy.load_file(path))
            return model
        if path.suffix == ".h5":
            official = name in OFFICIAL
            model = OFFICIAL[name][0](weights=None) if official else architectures.BUILDERS[name]()
            model.load_weights(path)
            return model
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise ValueError(f"{path} does not fit {name}: {error}") from error
    also = ", .onnx" if name in published.SOURCES else ""
    raise ValueError(f"{path.name}: weights are read from .safetensors, .h5{also} or .keras files")
