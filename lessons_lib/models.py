"""The course's networks, loaded with weights that come with it, official ones, or your own."""

import os
from pathlib import Path
from typing import NamedTuple

import keras

from lessons_lib.basics.files import course_bytes
from lessons_lib.network import published
from lessons_lib.network import weights as weight_files
from lessons_lib.network.classifier import Classifier

__all__ = ["NETWORKS", "Classifier", "imagenet_labels", "load"]


def load(name: str, weights: str | Path | None = None) -> Classifier:
    """One of the course's networks, ready to be asked.

    Parameters
    ----------
    name
        ``"mobilenet_v2"``, ``"vgg16"``, ``"xception"`` or ``"squeezenet"``, whose weights come with
        the course; ``"alexnet"``, ``"googlenet"`` or ``"resnet18"``, which need a file of published
        weights. `NETWORKS` lists all, with what each needs.
    weights
        ``"course"``: the weights in ``data/weights``, no network connection needed.
        ``"imagenet"``: Keras's official network, downloaded once and checked.
        A path: your own weights, for the official architecture (``.h5``) or for the course's
        (``.safetensors``), or a whole model (``.keras``). For the networks that need a file, also
        the ONNX model zoo's (``.onnx``; needs onnx) or torchvision's (``.safetensors``).
        Default: the environment variable ``LESSONS_WEIGHTS``, else ``"course"``.

    Returns
    -------
    Classifier

    Raises
    ------
    ValueError
        If the name is unknown, or a file does not fit the network.
    FileNotFoundError
        If there is no such file, or the network needs one; the message says where to fetch it.
    ImportError
        If the file is ``.onnx``, and onnx is not installed.
    lessons_lib.basics.files.DamagedFileError
        If a file's bytes are not those that its hash promises; it is not loaded.
    lessons_lib.network.weights.OfflineError
        If the official weights are wanted and cannot be downloaded.

    Examples
    --------
    >>> load("mobilenet_v2")
    <Classifier mobilenet_v2: 224 x 224 pixels, 1000 classes, layer out_relu, 7 x 7>
    """
    if name not in NETWORKS:
        need = [n for n, network in NETWORKS.items() if network.needs]
        raise ValueError(
            f"there is no network {name!r}; the course has {sorted(set(NETWORKS) - set(need))}, "
            f"and for a file of published weights {need}"
        )
    chosen = weights or os.environ.get("LESSONS_WEIGHTS") or "course"
    preprocess, layer, _ = NETWORKS[name]
    return Classifier(
        _with_weights(name, chosen), imagenet_labels(), preprocess, layer=layer, name=name
    )


class CourseNetwork(NamedTuple):
    """What a network wants done to its pixels, which layer CAM looks at, and which file it needs.

    ``needs`` is empty where the weights come with the course.
    """

    preprocess: str
    layer: str
    needs: str = ""


NETWORKS = {
    "mobilenet_v2": CourseNetwork("tf", "out_relu"),
    "vgg16": CourseNetwork("caffe", "block5_conv3"),
    "xception": CourseNetwork("tf", "block14_sepconv2_act"),
    "squeezenet": CourseNetwork("torch", "conv10"),
    "alexnet": CourseNetwork("caffe", "conv5", published.files("alexnet")),
    "googlenet": CourseNetwork("caffe", "inception_5b-output", published.files("googlenet")),
    "resnet18": CourseNetwork("torch", "res5b_relu", published.files("resnet18")),
}


def _with_weights(name: str, chosen: str | Path) -> keras.Model:
    if chosen == "course":
        return weight_files.course_model(name)
    if chosen == "imagenet":
        return weight_files.official_model(name)
    return weight_files.own_model(name, Path(chosen))


def imagenet_labels() -> list[str]:
    """The first word of each of the 1000 ImageNet classes, in the networks' order.

    Examples
    --------
    >>> imagenet_labels()[999]
    'toilet tissue'
    """
    lines = course_bytes("imagenet_classes.txt").decode("utf-8").splitlines()
    return [line.split(" ", 1)[1].split(",")[0] for line in lines]
