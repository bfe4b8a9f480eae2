"""What lesson 02 says of its pictures."""

import functools

import keras
import numpy as np

from lessons_lib import images, models, plotting
from lessons_lib.grad_cam import grad_cam
from tests.claims import claim


@functools.cache
def vgg16() -> models.Classifier:
    return models.load("vgg16", "course")


def hottest(photo: str, label: str) -> tuple[float, float]:
    """Where the map is largest, as shares of the picture's height and width."""
    heat = grad_cam(vgg16(), images.course_image(photo), label)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return (row + 0.5) / heat.shape[0], (column + 0.5) / heat.shape[1]


@claim("02.roll_probability")
def _() -> float:
    return vgg16().top(images.course_image("paper_roll"))[0].probability


@claim("02.roll_hot_at_hole")
def _() -> bool:
    down, right = hottest("paper_roll", "toilet tissue")
    return 0.3 < down < 0.7 and 0.63 < right < 0.93


def shares() -> tuple[np.ndarray, np.ndarray]:
    """Of the paper roll: what each channel brings, and the activations."""
    roll = images.course_image("paper_roll")
    found = vgg16().gradients(roll, target=999, layer="block5_conv3")
    A = found.A[0]
    return found.gradient[0].mean(axis=(0, 1)) * A.mean(axis=(0, 1)), A


@claim("02.against_at_hole")
def _() -> bool:
    """The channel that takes most away is largest where the hole is, and else on the sheet."""
    share, A = shares()
    against = A[..., share.argmin()]
    row, column = np.unravel_index(against.argmax(), against.shape)
    return 5 <= row <= 8 and 10 <= column <= 12 and against[5:9, :4].max() > against.max() / 2


@claim("02.third_adds")
def _() -> bool:
    share, _ = shares()
    return bool(0.3 < (share > 0).mean() < 0.36)


@claim("02.eleven_half")
def _() -> bool:
    adding = np.sort(np.maximum(shares()[0], 0))[::-1]
    return bool(10 <= (adding.cumsum() <= adding.sum() / 2).sum() + 1 <= 13)


@claim("02.grey_bird")
def _() -> bool:
    """At the first layer the blue bird's map is like the red one's, the grey one's is not."""
    bird = images.course_image("macaw")
    grey = bird.mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    red, blue, none = (
        grad_cam(vgg16(), picture, "macaw", "block1_conv2").ravel()
        for picture in (bird, bird[..., ::-1], grey)
    )
    return bool(np.corrcoef(red, blue)[0, 1] > 0.5 > 0.3 > np.corrcoef(red, none)[0, 1])


@claim("02.sheet_is_dim")
def _() -> bool:
    heat = plotting.normalise(grad_cam(vgg16(), images.course_image("paper_roll"), 999))
    return bool(heat[5:, 2:8].mean() < 0.2)


@claim("02.drum_left")
def _() -> bool:
    return hottest("drum_guitar", "drum")[1] < 0.58


@claim("02.guitar_right")
def _() -> bool:
    return 0.55 < hottest("drum_guitar", "electric guitar")[1] < 0.85


@claim("02.always_velvet")
def _() -> bool:
    network = vgg16()
    faulty = models.Classifier(network.model, network.labels, lambda x: x / 255)
    tops = [faulty.top(images.course_image(name))[0] for name in ("macaw", "hens", "polar_bear")]
    return {top.label for top in tops} == {"velvet"} and tops[0].probability < 0.05


@claim("02.hens_become_peacock")
def _() -> bool:
    return vgg16().top(images.course_image("hens")[..., ::-1])[0].label == "peacock"


@claim("02.invented_colours")
def _() -> float:
    network = models.load("mobilenet_v2")
    heat = plotting.normalise(grad_cam(network, images.course_image("drum_guitar"), "drum"))
    wrong = images.resize(plotting.colour(heat, "jet"), (480, 640))[::8, ::8].reshape(-1, 1, 3)
    scale = plotting.colour(np.linspace(0, 1, 256)[None], "jet")[0].astype(float)
    distance = np.sqrt(((wrong - scale) ** 2).sum(-1)).min(1) / 255
    return 100 * float((distance > 0.1).mean())


@claim("02.shepherd_flank")
def _() -> bool:
    heat = grad_cam(vgg16(), images.course_image("german_shepherd"), "German shepherd")
    flank, head = heat[7:11, 5:10].max(), heat[:6, 9:].max()
    return bool(0.8 < flank / head < 1.25)


@claim("02.bgr_survivors")
def _() -> int:
    photos = [images.course_image(name) for name in images.course_images()]
    right = vgg16().logits(photos).argmax(axis=1)
    swapped = vgg16().logits([photo[..., ::-1] for photo in photos]).argmax(axis=1)
    return int((right == swapped).sum())


@claim("02.probability_map_is_tiny")
def _() -> bool:
    network, castle = vgg16(), images.course_image("carcassonne")
    hidden = keras.layers.Rescaling(1.0)(network.model.outputs[0])
    model = keras.Model(network.model.inputs[0], hidden)
    of_probability = models.Classifier(model, preprocess="caffe", layer="block5_conv3")
    tiny = grad_cam(of_probability, castle, 483).max()
    return bool(800 < grad_cam(network, castle, 483).max() / tiny < 900)
