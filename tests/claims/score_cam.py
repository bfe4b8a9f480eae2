"""What lesson 03 says of its pictures."""

import numpy as np

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.score_cam import MaskedScores, varied_channels
from tests.claims import claim
from tests.claims.anew import ranks

DRUM, GUITAR = 541, 546


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(np.float64(x) - np.max(x))
    return e / e.sum()


def summed(found: MaskedScores, weights: np.ndarray) -> np.ndarray:
    return np.maximum(np.einsum("xyk,k->xy", found.A[..., found.channels], weights), 0)


@claim("03.best_of_six", "scores best")
def _(squeezenet, six, masked, c):
    return six[squeezenet.logits(masked)[:, c].argmax()] == 445


@claim("03.two_heads")
def _(squeezenet, six, masked, c):
    """The difference of the logits behind both masks; what they show is the upper right."""
    scores = dict(zip(six.tolist(), squeezenet.logits(masked)[:, c], strict=True))
    return scores[428] - scores[368]


@claim("03.same_block", "hottest at the same block")
def _(squeezenet, dog, layer, found):
    """In the upper right of the dog, where its head is."""
    maps = (
        summed(found, softmax(found.logits)),
        grad_cam(squeezenet, dog, layer=layer),
        found.A.sum(-1),
    )
    places = {np.unravel_index(m.argmax(), m.shape) for m in maps}
    return len(places) == 1 and all(1 <= row <= 4 and 9 <= column <= 11 for row, column in places)


@claim("03.score_and_grad")
def _(squeezenet, dog, layer, found):
    return ranks(summed(found, softmax(found.logits)), grad_cam(squeezenet, dog, layer=layer))


@claim("03.blind_grad")
def _(squeezenet, dog, layer, found):
    return ranks(found.A.sum(axis=-1), grad_cam(squeezenet, dog, layer=layer))


@claim("03.blind_score")
def _(found):
    return ranks(found.A.sum(axis=-1), summed(found, softmax(found.logits)))


@claim("03.channels")
def _(squeezenet, dog, layer):
    return len(varied_channels(squeezenet.activations(dog, layer)[0]))


@claim("03.largest_weight")
def _(found):
    weights = softmax(found.logits)
    assert found.channels[weights.argmax()] == 118
    return 100 * weights.max()


@claim("03.deciding")
def _(found):
    return 1 / (softmax(found.logits) ** 2).sum()


@claim("03.weights_agree")
def _(squeezenet, dog, c, layer, found):
    slopes = squeezenet.gradients(dog, c, layer=layer).gradient[0].sum(axis=(0, 1))
    return ranks(found.logits, slopes[found.channels])


def negative(squeezenet, dog, c, layer, found) -> np.ndarray:
    slopes = squeezenet.gradients(dog, c, layer=layer).gradient[0].sum(axis=(0, 1))
    return slopes[found.channels] < 0


@claim("03.negative_slopes")
def _(squeezenet, dog, c, layer, found):
    return int(negative(squeezenet, dog, c, layer, found).sum())


@claim("03.negative_raise")
def _(squeezenet, dog, c, layer, found):
    raised = found.logits > found.baseline_logit
    return int((negative(squeezenet, dog, c, layer, found) & raised).sum())


@claim("03.mean_and_increase")
def _(found):
    return ranks(found.A.sum(axis=(0, 1))[found.channels], found.logits)


# Two classes


@claim("03.stage_drum")
def _(squeezenet):
    """And the guitar is not among the first five."""
    p = squeezenet.probabilities(images.course_image("drum_guitar"))[0]
    assert p.argmax() == DRUM
    assert (p > p[GUITAR]).sum() >= 5
    return p[DRUM]


@claim("03.two_logit_increase")
def _(asked):
    return ranks(*(summed(f, f.logits - f.baseline_logit) for f in asked))


@claim("03.both_raised")
def _(asked):
    first, second = (100 * (f.logits > f.baseline_logit).mean() for f in asked)
    return first if round(first) == round(second) else -1


@claim("03.two_logit_softmax")
def _(asked):
    return ranks(*(summed(f, softmax(f.logits)) for f in asked))


@claim("03.one_channel_each", "more than eight tenths of the weight")
def _(asked):
    return all(0.8 < softmax(f.logits).max() < 0.9 for f in asked)


@claim("03.two_probability_increase")
def _(asked):
    return ranks(*(summed(f, f.probabilities - f.baseline_probability) for f in asked))


@claim("03.raised_drum")
def _(asked):
    return 100 * (asked[0].probabilities > asked[0].baseline_probability).mean()


@claim("03.raised_guitar")
def _(asked):
    return 100 * (asked[1].probabilities > asked[1].baseline_probability).mean()


@claim("03.two_probability_softmax")
def _(asked):
    return ranks(*(summed(f, softmax(f.probabilities)) for f in asked))


@claim("03.is_blind", "the class-blind map")
def _(asked):
    return all(ranks(f.A.sum(-1), summed(f, softmax(f.probabilities))) > 0.995 for f in asked)


@claim("03.softmax_blind")
def _(asked):
    return min(ranks(f.A.sum(-1), summed(f, softmax(f.probabilities))) for f in asked)


@claim("03.two_grad")
def _(squeezenet, stage, layer):
    return ranks(*(grad_cam(squeezenet, stage, c, layer=layer) for c in (DRUM, GUITAR)))


def hottest(heat: np.ndarray, height: int = 600, width: int = 800) -> tuple[float, float]:
    """Pixel of the stage photograph where a map is largest."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return (row + 0.5) / heat.shape[0] * height, (column + 0.5) / heat.shape[1] * width


@claim("03.drum_beside", "hottest beside the big drum")
def _(asked):
    """Left of the big drum, whose skin has its middle at (372, 320) and a radius of 132 pixels."""
    down, right = hottest(summed(asked[0], softmax(asked[0].logits)))
    return np.hypot(down - 372, right - 320) > 132 and 100 < right < 188


@claim("03.never_negative", "never negative and bare grey has little to lose")
def _(squeezenet, dog, stage):
    """Nor can it be: a mean of what a ReLU has left."""
    photos = [images.course_image(name) for name in ("panda", "hens", "paper_roll")]
    after_relu = squeezenet.model.get_layer("conv10").activation.__name__ == "relu"
    return after_relu and squeezenet.logits([dog, stage, *photos]).min() >= 0


@claim("03.espresso_grad")
def _(squeezenet, dog, c, layer):
    return ranks(*(grad_cam(squeezenet, dog, name, layer=layer) for name in (c, "espresso")))


@claim("03.mobilenet_lowers", "nearly all masks lower it")
def _(network, two):
    """The last of the two networks of the loop."""
    assert network.name == "mobilenet_v2"
    return (two.logits < two.baseline_logit).mean() > 0.9


@claim("03.mobilenet_alike", "like the dog's")
def _(one, two):
    return ranks(*(summed(f, softmax(f.logits)) for f in (one, two))) > 0.8


@claim("03.sixty", "nearly the map of all")
def _(found):
    """Anew: by the variance, among all channels."""
    kept = np.isin(found.channels, np.argsort(-found.A.var(axis=(0, 1)))[:60])
    weights = np.where(kept, softmax(np.where(kept, found.logits, -np.inf)), 0)
    return ranks(summed(found, weights), summed(found, softmax(found.logits))) > 0.98


@claim("03.baseline_counts", "low numbers of black and blurred come from the")
def _(found, other):
    """Of the blurred baseline, the last of the loop: lower, and yet a map of the dog."""
    return 0.5 < ranks(summed(found, softmax(found.logits)), other) < 0.7


@claim("03.winner_place")
def _(found):
    return 1 + np.argsort(-found.A.var(axis=(0, 1))).tolist().index(118)


def on_guitar(heat: np.ndarray) -> bool:
    """On neck or body, as lesson 02 has it."""
    down, right = hottest(heat)
    return 0.68 * 800 < right < 0.88 * 800 and down < 0.95 * 600


@claim("03.eigen_drum", "hottest on the big drum")
def _(family):
    """Within the skin of the big drum."""
    down, right = hottest(family["Eigen-CAM"])
    return np.hypot(down - 372, right - 320) < 132


@claim("03.family_on_guitar", "hottest on the guitar")
def _(family):
    others = set(family) - {"Eigen-CAM", "class-blind"}
    return len(others) == 6 and all(on_guitar(family[name]) for name in others)


@claim("03.hires_like_grad", "nearly the same map here")
def _(squeezenet, stage, layer, family):
    """And each channel's slopes have one value, or zero."""
    g = squeezenet.gradients(stage, GUITAR, layer=layer).gradient[0]
    steepest = np.abs(g).max(axis=(0, 1))
    assert (np.isclose(np.abs(g), steepest, atol=1e-9) | np.isclose(g, 0, atol=1e-9)).all()
    return ranks(family["HiResCAM"], family["Grad-CAM"]) > 0.97


@claim("03.blind_on_guitar", "the class-blind map")
def _(asked):
    return on_guitar(asked[0].A.sum(axis=-1))


@claim("03.first_answers")
def _(logits):
    return len(np.unique(np.argsort(logits, axis=1)[:, -1]))
