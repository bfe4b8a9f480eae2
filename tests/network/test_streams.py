"""Pictures one after another: arrays, paths, a generator; memory that does not grow with them."""

import functools
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from lessons_lib import images, judging, maps
from lessons_lib.grad_cam import grad_cam
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.methods import METHODS, heat_maps
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.black_box import BlackBox
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.streams import batches
from tests.networks import classifier, gap_net, seeded

N = BATCH_SIZE + 3


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[Path]:
    """More than a batch of small photographs, of two sizes."""
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    paths = [folder / f"{i:02}.png" for i in range(N)]
    for i, path in enumerate(paths):
        pixels = rng.integers(0, 256, (20 + 4 * (i % 2), 24, 3), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(path)
    return paths


@pytest.fixture(scope="module")
def net() -> Classifier:
    return classifier(gap_net())


class EndlessSequence(keras.utils.PyDataset):
    """As Keras's own: it knows its length, and goes on for ever when one iterates over it."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        super().__init__()
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, i: int) -> np.ndarray:
        return self.pictures[i % len(self.pictures)][None]


WAYS: dict[str, Callable[[list[Path]], object]] = {
    "paths": lambda paths: paths,
    "text": lambda paths: [str(path) for path in paths],
    "an array of text": lambda paths: np.array([str(path) for path in paths]),
    "a generator of arrays": lambda paths: (images.load_image(path) for path in paths),
    "a generator of paths": lambda paths: iter(paths),
    "batches": lambda paths: (
        [images.load_image(path) for path in paths[i : i + 5]] for i in range(0, len(paths), 5)
    ),
    "a tf.data.Dataset": lambda paths: tf.data.Dataset.from_generator(
        lambda: map(images.load_image, paths),
        output_signature=tf.TensorSpec((None, 24, 3), "uint8"),
    ),
    "a PyDataset": lambda paths: EndlessSequence([*map(images.load_image, paths)]),
    "PIL": lambda paths: [PIL.Image.open(path) for path in paths],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_what_a_list_of_arrays_gives(way: str, net, files: list[Path]) -> None:
    pictures = [*map(images.load_image, files)]
    targets = [i % 3 for i in range(N)]
    np.testing.assert_array_equal(
        grad_cam(net, WAYS[way](files), targets), grad_cam(net, pictures, targets)
    )
    np.testing.assert_array_equal(net.logits(WAYS[way](files)), net.logits(pictures))


def test_a_loop_gives_the_same_and_a_path_alone_is_one_picture(net, files: list[Path]) -> None:
    together = grad_cam(net, files)
    assert grad_cam(net, files[0]).shape == together[0].shape
    for path, heat in zip(files, together, strict=True):
        np.testing.assert_allclose(grad_cam(net, str(path)), heat, rtol=1e-4, atol=1e-6)
    found = integrated_gradients(net, iter(files[:2]), num_steps=4, rule="midpoint")
    np.testing.assert_allclose(found[1].phi, integrated_gradients(
        net, files[1], num_steps=4, rule="midpoint").phi, rtol=1e-4, atol=1e-6)  # fmt: skip


def test_measures_and_black_boxes_take_a_stream(net, files: list[Path]) -> None:
    box = BlackBox(lambda x: net.probabilities(x), None, net.input_size, ending="probabilities")
    pictures = [*map(images.load_image, files)]
    for network in (net, box):
        heats = maps.occlusion(network, iter(files), 1, window=8, stride=8)
        one, other = (judging.confidences(network, p, heats, 1) for p in (pictures, iter(files)))
        np.testing.assert_array_equal(one.O, other.O)
        assert len(other.Y) == N
    rows = {name: METHODS[name] for name in ("Grad-CAM", "saliency")}
    numbers: list[int] = []
    measures = {"place": lambda heat, i: numbers.append(i) or heat.max()}
    found = judging.compare(rows, measures, net, iter(files), 1).scores
    assert numbers == [*range(BATCH_SIZE)] * 2 + [*range(BATCH_SIZE, N)] * 2
    for row, name in zip(found, rows, strict=True):
        np.testing.assert_array_equal(row[0], heat_maps(rows[name], net, files, 1).max(axis=(1, 2)))


def test_of_large_pictures_only_one_is_alive(net) -> None:
    """Neither the arrays that are given pile up, nor the copies that are checked."""
    alive: list[weakref.ref] = []
    most, levels = 0, []

    def large(n: int) -> Iterator[np.ndarray]:
        nonlocal most
        for i in range(n):
            picture = np.full((200, 200, 3), 10 * i + 5, np.float32)
            alive.append(weakref.ref(picture))
            most = max(most, sum(ref() is not None for ref in alive))
            levels.append(tracemalloc.get_traced_memory()[0])
            yield picture
            del picture

    along = functools.partial(integrated_gradients, rule="midpoint", num_steps=2)
    heavy = (grad_cam, maps.saliency, maps.guided_grad_cam, along)
    for method in (*heavy, lambda net, x, target: net.probabilities(x)):
        method(net, large(2), 1)  # compiled
        levels.clear()
        tracemalloc.start()
        method(net, large(N), 1)
        tracemalloc.stop()
        assert max(levels) - levels[0] < 4 * 200 * 200 * 3 * 4
    assert most <= 2  # the one that is made, and the one before it


@pytest.fixture(scope="module")
def wide_net() -> Classifier:
    """Half a MiB of activations for each picture."""
    layers = [
        keras.Input((64, 64, 3)),
        keras.layers.Conv2D(32, 3, activation="relu", name="early"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3),
    ]
    return Classifier(seeded(keras.Sequential(layers)), ending="logits")


HEAVY: dict[str, Callable] = {
    "Grad-CAM": grad_cam,
    "Eigen-CAM": lambda net, x, target: maps.eigen_cam(net, x),
    "saliency": maps.saliency,
    "gradient times input": lambda net, x, c: maps.gradient_times_input(net, x, c).sum(axis=-1),
    "bench": lambda net, x, c: heat_maps(METHODS["HiResCAM"], net, x, c),
    "probabilities": lambda net, x, c: net.probabilities(x),
    "occlusion": lambda net, x, c: maps.occlusion(net, x, c, window=64, stride=64),
}


@pytest.mark.parametrize("name", HEAVY)
def test_memory_does_not_grow_with_the_number_of_pictures(name: str, wide_net) -> None:
    method = HEAVY[name]

    def peak(n: int) -> int:
        pictures = (np.full((64, 64, 3), 3 * i, np.uint8) for i in range(n))
        tracemalloc.start()
        found = method(wide_net, pictures, 1)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        times = 6 if name == "gradient times input" else 2  # the parts, and they together
        return most - times * found.nbytes

    peak(3)  # compiled
    few, many = peak(2 * BATCH_SIZE), peak(5 * BATCH_SIZE)
    assert many - few < 2**20  # the pictures alone, piled up, would be 2.25 MiB


def test_targets_go_with_their_pictures() -> None:
    pictures = (np.full((2, 2, 3), 5 * i) for i in range(5))
    found = [(x[0].mean(), target) for x, target in batches(pictures, np.arange(5), size=2)]
    assert found == [(0, [0, 1]), (10, [2, 3]), (20, [4])]


@pytest.mark.parametrize(("count", "targets"), [(2, 3), (3, 2), (16, 17), (40, 20), (32, 31)])
def test_too_many_or_too_few_targets_are_named(net, count: int, targets: int) -> None:
    pictures = (np.full((20, 20, 3), 9) for _ in range(count))
    with pytest.raises(ValueError, match=f"{targets} targets for [0-9]+ pictures"):
        grad_cam(net, pictures, [1] * targets)


PAIRS = tf.data.Dataset.from_tensor_slices((np.ones((2, 9, 9, 3), "uint8"), [0, 1]))
BAD = {
    "nothing": (iter([]), ValueError, "there is no picture"),
    "pictures with their labels": (PAIRS, ValueError, r"label beside.*\(x for x, y in pairs\)"),
    "a dict": ({"cat": np.ones((9, 9, 3))}, TypeError, r"a dict of \['cat'\]; give its values"),
    "without an end": (
        tf.data.Dataset.from_tensors(np.ones((9, 9, 3), "uint8")).repeat(), ValueError, r"take\(n\)"
    ),
    "no such file": ([Path("no_such.png")], FileNotFoundError, "no file no_such.png"),
    "a folder": (Path(__file__).parent, IsADirectoryError, r"or all: sorted\(Path\("),
    "a number": (3, ValueError, "a picture has the shape"),
    "bytes": (b"GIF", TypeError, "pixels must be integers or floats"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_streams_are_named(what: str, net) -> None:
    given, error, message = BAD[what]
    with pytest.raises(error, match=message):
        grad_cam(net, given)


def test_a_broken_file_in_the_middle_is_named(net, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(files[0].read_bytes()[:50])
    with pytest.raises(ValueError, match=r"broken\.png cannot be read as a picture"):
        grad_cam(net, [*files[:2], tmp_path / "broken.png"])
