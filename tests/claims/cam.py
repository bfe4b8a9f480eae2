"""What lesson 01 says of its pictures."""

import functools

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lessons_lib import images
from lessons_lib.cam import cam
from lessons_lib.network.classifier import Classifier
from tests.claims import claim


def channels_mean(mobilenet, photo):
    """The class-blind map, summed up and divided."""
    A = mobilenet.activations(photo)[0]
    return np.einsum("xyk->xy", A) / A.shape[-1]


def alike(one, other):
    """Correlation, centred and multiplied out."""
    one, other = (m / m.std() - m.mean() / m.std() for m in (one, other))
    return (one * other).mean()


def hottest(heat):
    return np.unravel_index(heat.argmax(), heat.shape)


@claim("01.hot_in_front", "hottest where the white head meets the black shoulder")
def _(heat, panda):
    """The hottest block is black fur with white fur at its left; the other hot ones are nearby."""
    row, column = hottest(heat)
    light = images.resize(panda, (70, 70)).mean(axis=-1)[10 * row : 10 * row + 10]
    here, left = light[:, 10 * column : 10 * column + 10], light[:, 10 * column - 10 : 10 * column]
    rows, columns = np.unravel_index(np.argsort(-heat.ravel())[:6], (7, 7))
    near = max(np.abs(rows - row).max(), np.abs(columns - column).max()) <= 2
    return near and np.median(here) < 60 and left.mean() > here.mean() + 40


@claim("01.same_block", "at the same block")
def _(mobilenet, panda):
    return hottest(channels_mean(mobilenet, panda)) == hottest(cam(mobilenet, panda, 388))


@claim("01.panda_blind")
def _(mobilenet, panda):
    return alike(cam(mobilenet, panda, 388), channels_mean(mobilenet, panda))


@claim("01.beyond_animal", "and beside it")
def _(A, w):
    """Above the animal and left of it, each of the three is at the ceiling of 6 somewhere."""
    share = A.mean(axis=(0, 1)) * w[:, 388]
    three = A[..., share >= np.sort(share)[-3]]
    left, above = three[1:4, 0], three[0, 1:4]
    on_animal = (three[1:5, 1:5] > 5.9).mean()
    return on_animal > 0.5 and bool(((above > 5.9).any(axis=0) | (left > 5.9).any(axis=0)).all())


@claim("01.against_at_head", "fires at the head")
def _(A, w):
    """Half of it lies in the six blocks of the head."""
    channel = A[..., (A.mean(axis=(0, 1)) * w[:, 388]).argmin()]
    return channel[1:5, 1:3].sum() > 0.5 * channel.sum()


@claim("01.panda_logit")
def _(mobilenet, panda):
    return mobilenet.logits(panda)[0, 388]


@claim("01.panda_mean")
def _(mobilenet, panda, w):
    """The weighted sum of the channels' means, where the lesson takes the mean of the map."""
    return mobilenet.activations(panda)[0].mean(axis=(0, 1)) @ w[:, 388]


def overlap(heat):
    """Of the hand-drawn box and the map's, by their corners, where the lesson counts pixels."""
    large = images.resize(heat, (532, 800))
    pieces, count = ndimage.label(large > 0.2 * large.max())
    sizes = ndimage.sum_labels(np.ones_like(pieces), pieces, range(1, count + 1))
    rows, columns = np.nonzero(pieces == 1 + np.argmax(sizes))
    return shared(rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)


def shared(top, bottom, left, right):
    high = max(0, min(bottom, 466) - max(top, 42))
    wide = max(0, min(right, 664) - max(left, 166))
    both = high * wide
    return both / ((466 - 42) * (664 - 166) + (bottom - top) * (right - left) - both)


@claim("01.box_cam")
def _(mobilenet, panda):
    return overlap(cam(mobilenet, panda, 388))


@claim("01.box_blind")
def _(mobilenet, panda):
    return overlap(channels_mean(mobilenet, panda))


@claim("01.box_middle")
def _(panda):
    """The middle 70 % of the height and of the width."""
    height, width, _ = panda.shape
    return shared(0.15 * height, 0.85 * height, 0.15 * width, 0.85 * width)


def share_inside(heat: np.ndarray, i: int) -> float:
    """Of the positive map of the mosaic's quarter i, enlarged."""
    heat = np.maximum(images.resize(heat, (448, 448)), 0)
    row, column = divmod(i, 2)
    return heat[224 * row :, 224 * column :][:224, :224].sum() / heat.sum()


ANIMALS = {"giant panda": 0, "macaw": 1, "hen": 2, "koala": 3}


@claim("01.panda_inside")
def _(mobilenet, picture):
    return 100 * share_inside(cam(mobilenet, picture, "giant panda"), 0)


@claim("01.hen_inside")
def _(mobilenet, picture):
    found = {a: share_inside(cam(mobilenet, picture, a), i) for a, i in ANIMALS.items()}
    assert min(found, key=found.get) == "hen"
    return 100 * found["hen"]


@claim("01.blind_spread", "fairly evenly")
def _(mobilenet, picture):
    """No quarter has more than a third or less than a sixth."""
    found = [share_inside(channels_mean(mobilenet, picture), i) for i in range(4)]
    return min(found) > 1 / 6 and max(found) < 1 / 3


def place(mobilenet, picture, label):
    """Of a class among all, by sorting."""
    order = np.argsort(-mobilenet.probabilities(picture)[0])
    return 1 + list(order).index(mobilenet.class_index(label))


@claim("01.places", "among its first ten")
def _(mobilenet, picture):
    most = mobilenet.probabilities(picture)[0].max()
    return max(place(mobilenet, picture, a) for a in ANIMALS) <= 10 and most < 0.1


@claim("01.espresso_place")
def _(mobilenet, picture):
    return place(mobilenet, picture, "espresso")


@claim("01.espresso_corner", "hottest at the same block")
def _(mobilenet, picture):
    return hottest(cam(mobilenet, picture, 967)) == (0, 0) == hottest(cam(mobilenet, picture, 388))


@claim("01.corner_classes")
def _(mobilenet, picture, w):
    maps = np.einsum("xyk,kc->cxy", mobilenet.activations(picture)[0], w)
    return sum(hottest(heat) == (0, 0) for heat in maps), len(maps)


@claim("01.stage_answers", '"drum"')
def _(mobilenet):
    answers = [answer.label for answer in mobilenet.top(images.course_image("drum_guitar"), 3)]
    return answers[0] == "drum" and "electric guitar" not in answers


@claim("01.drum_guitar")
def _(mobilenet, stage):
    return alike(cam(mobilenet, stage, 541), cam(mobilenet, stage, 546))


@claim("01.drum_blind")
def _(mobilenet, stage):
    return alike(cam(mobilenet, stage, 541), channels_mean(mobilenet, stage))


@claim("01.guitar_blind")
def _(mobilenet, stage):
    return alike(cam(mobilenet, stage, 546), channels_mean(mobilenet, stage))


def paint_and_map(mobilenet, photo, c):
    """Of 36 squares, what the map says and what grey paint takes away; correlation."""
    heat, (height, width, _) = cam(mobilenet, photo, c), photo.shape
    said, pictures = [], []
    for row, column in np.ndindex(6, 6):
        said.append(heat[row : row + 2, column : column + 2].sum())
        picture = photo.copy()
        top, left = row * height // 7, column * width // 7
        picture[top : (row + 2) * height // 7, left : (column + 2) * width // 7] = 128
        pictures.append(picture)
    lost = mobilenet.logits(photo)[0, c] - mobilenet.logits(pictures)[:, c]
    return alike(np.array(said), lost)


@claim("01.paint_panda")
def _(mobilenet, panda):
    return paint_and_map(mobilenet, panda, 388)


@claim("01.paint_macaw")
def _(mobilenet):
    return paint_and_map(mobilenet, images.course_image("macaw"), 88)


@functools.cache
def least_and_most(mobilenet):
    """How the map of each photograph's first answer is like the class-blind one."""
    photos = {name: images.course_image(name) for name in images.course_images()}
    found = {n: alike(cam(mobilenet, p), channels_mean(mobilenet, p)) for n, p in photos.items()}
    return min(found, key=found.get), found


@claim("01.blind_least")
def _(mobilenet):
    least, found = least_and_most(mobilenet)
    assert least == "drum_guitar"
    return found[least]


@claim("01.blind_most")
def _(mobilenet):
    return max(least_and_most(mobilenet)[1].values())


@claim("01.blind_near")
def _(mobilenet):
    return sum(r > 0.95 for r in least_and_most(mobilenet)[1].values())


@claim("01.raccoon", "below a tenth")
def _(mobilenet):
    best = mobilenet.top(images.course_image("raccoon"))[0]
    return best.label == "lesser panda" and best.probability < 0.1


@claim("01.wrong_layer_gap")
def _(mobilenet, panda, A_wrong, w, b):
    return abs(A_wrong.mean(axis=(0, 1)) @ w[:, 388] + b[388] - mobilenet.logits(panda)[0, 388])


@claim("01.panda_max")
def _(mobilenet, panda):
    return cam(mobilenet, panda, 388).max()


@claim("01.zero_moved", "above four tenths of the scale")
def _(mobilenet, panda):
    low, high = np.percentile(cam(mobilenet, panda, 967), [0, 100])
    return 0.4 < -low / (high - low) < 0.5


def espresso(classifier: Classifier) -> float:
    return classifier.probabilities(images.course_image("coffee"))[0, 967]


@claim("01.espresso_right")
def _(mobilenet):
    return espresso(mobilenet)


@claim("01.espresso_wrong")
def _(faulty):
    return espresso(faulty)


@claim("01.hens_gain", "the hens among them")
def _(mobilenet, faulty):
    """With pixels from 0 to 1 the hens are surer than with the right preprocessing."""
    hens = images.course_image("hens")
    return faulty.probabilities(hens)[0, 8] > mobilenet.probabilities(hens)[0, 8]


@functools.cache
def of_all(classifier: Classifier) -> NDArray[np.float64]:
    """Probabilities of the course's photographs, one by one."""
    photos = map(images.course_image, images.course_images())
    return np.array([classifier.probabilities(photo)[0] for photo in photos])


@claim("01.wrong_keeps")
def _(mobilenet, faulty):
    right, wrong = of_all(mobilenet), of_all(faulty)
    return (right.argmax(axis=1) == wrong.argmax(axis=1)).sum(), len(right)


@claim("01.wrong_gains")
def _(mobilenet, faulty):
    """Photographs whose first answer gets more than with the right preprocessing."""
    right, wrong = of_all(mobilenet), of_all(faulty)
    first = right.argmax(axis=1)[:, None]
    return (np.take_along_axis(wrong - right, first, axis=1) > 0).sum(), len(right)


@claim("01.shifted_weights", "no probability changes")
def _(A, w, b):
    """One number added to a channel's weights: probabilities and differences stay, maps do not."""
    k = A.mean(axis=(0, 1)).argmax()
    other = w.astype(float)
    other[k] += 0.5
    before, after = (A.astype(float) @ v for v in (w.astype(float), other))

    def probabilities(maps):
        e = np.exp(maps.mean(axis=(0, 1)) + b)
        return e / e.sum()

    same = np.allclose(probabilities(before), probabilities(after), atol=1e-9)
    difference = np.allclose(before[..., 388] - before[..., 0], after[..., 388] - after[..., 0])
    return same and difference and bool((np.abs(after - before).max(axis=(0, 1)) > 0.5).all())
