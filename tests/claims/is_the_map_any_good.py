"""What lesson 07 says of the map on trial and of its controls."""

from collections import defaultdict

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.stats import beta

from lessons_lib import digits, images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging.road import imputed
from lessons_lib.maps import guided_backpropagation
from tests.claims import claim
from tests.claims.anew import flip, ranks


def enlarged(heat) -> np.ndarray:
    return images.resize(heat, (224, 224))


# The controls


@claim("07.blind_r")
def _(mobilenet, panda, c):
    blind = mobilenet.activations(panda[None])[0].sum(axis=-1)
    return ranks(enlarged(grad_cam(mobilenet, panda, c)), enlarged(blind))


@claim("07.centre_r")
def _(mobilenet, panda, c):
    row, column = np.mgrid[-2:2:224j, -2:2:224j]
    return ranks(enlarged(grad_cam(mobilenet, panda, c)), -(row**2 + column**2))


# Over the photographs, from the stored table


def by_photograph(trial, heat: str, measure: str) -> dict[str, float]:
    return {row["photograph"]: row[measure] for row in trial if row["map"] == heat}


def differences(trial, measure: str, other: str, one: str = "Grad-CAM") -> np.ndarray:
    ours, theirs = (by_photograph(trial, heat, measure) for heat in (one, other))
    return np.array([ours[name] - theirs[name] for name in sorted(ours)])


# Truth known


@claim("07.all_hit")
def _(mobilenet, mosaics):
    """Anew: the hottest of the 7 × 7 places lies in the quarter of the class asked for."""
    hits = []
    for row in mosaics:
        picture, _ = images.mosaic([images.course_image(n) for n in row], tile=(112, 112))
        for k, name in enumerate(row.values()):
            heat = enlarged(grad_cam(mobilenet, picture, name))
            i, j = np.unravel_index(heat.argmax(), heat.shape)
            hits.append((i >= 112, j >= 112) == (k >= 2, k % 2 == 1))
    return sum(hits), len(hits)


@claim("07.eight_low")
def _(hits):
    """Clopper and Pearson, by the beta distribution."""
    n = len(hits["Grad-CAM"])
    return beta.ppf(0.025, sum(hits["Grad-CAM"]), n - sum(hits["Grad-CAM"]) + 1)


@claim("07.blind_once", "once in each mosaic")
def _(grid):
    """A map that is the same for all four classes hits in each mosaic once."""
    found = defaultdict(float)
    for row in grid:
        found[row["mosaic"]] += row["plain mean"]
    return set(found.values()) == {1.0}


@claim("07.grid_photographs")
def _(grid):
    return len({row["photograph"] for row in grid})


@claim("07.grid_mosaics")
def _(grid):
    return len({row["mosaic"] for row in grid})


@claim("07.grid_all", "among the network's first ten answers")
def _(grid):
    return all(row["Grad-CAM"] == 1 and row["rank"] <= 10 for row in grid)


# The network forgets


def at(sanity, layer: str, method: str) -> np.ndarray:
    return np.array([row[method] for row in sanity if row["layer"] == layer])


# Digits: the leak through the shape of the mask


def with_ink(small, fill, asked=None) -> float:
    """Mean probability on twenty pictures: of the digit, or of others that are asked for."""
    found = digits.pictures(20, seed=3)
    ink = [binary_dilation(m[0]) for m in found.inside]
    x = [fill(k, p.astype("float32"), ink) for k, p in enumerate(found.x)]
    labels = found.labels[:, 0] if asked is None else found.labels[asked, 0]
    return small.probabilities(x)[np.arange(20), labels].mean()


def grey(x, where) -> np.ndarray:
    return np.where(where[..., None], 127.5, x)


@claim("07.ink_seen")
def _(small):
    return with_ink(small, lambda k, x, ink: x)


@claim("07.ink_grey")
def _(small):
    return with_ink(small, lambda k, x, ink: grey(x, ink[k]))


@claim("07.ink_random")
def _(small):
    """The control: as many pixels as the ink has, drawn at random."""

    def scattered(k, x, ink):
        drawn = np.random.default_rng(k).permutation(ink[k].size) < ink[k].sum()
        return grey(x, drawn.reshape(ink[k].shape))

    return with_ink(small, scattered)


@claim("07.ink_imputed")
def _(small):
    return with_ink(small, lambda k, x, ink: imputed(x, ink[k]))


@claim("07.ink_swapped")
def _(small):
    """Each gets the shape of the next picture that shows another digit."""
    labels = digits.pictures(20, seed=3).labels[:, 0]
    other = [
        next(j % 20 for j in range(k + 1, k + 20) if labels[j % 20] != labels[k]) for k in range(20)
    ]
    own = with_ink(small, lambda k, x, ink: grey(imputed(x, ink[k]), ink[other[k]]))
    assert own < 0.1
    return with_ink(small, lambda k, x, ink: grey(imputed(x, ink[k]), ink[other[k]]), other)


@claim("07.above_bear", "hottest at the upper rim")
def _(mobilenet, mosaics):
    """In the upper row of the 7 × 7 places, in a tile where the bear begins in the second."""
    picture, _ = images.mosaic([images.course_image(n) for n in mosaics[0]], tile=(112, 112))
    heat = grad_cam(mobilenet, picture, "ice bear")
    return np.unravel_index(heat.argmax(), heat.shape)[0] == 0


@claim("07.unseen_rank")
def _(mobilenet):
    names = ["koala", "cat", "german_shepherd", "polar_bear"]
    picture, _ = images.mosaic([images.course_image(name) for name in names], tile=(112, 112))
    logits = mobilenet.logits(picture)[0]
    return 1 + int((logits > logits[mobilenet.class_index("ice bear")]).sum())


@claim("07.plus_hits")
def _(grid):
    return np.mean([row["Grad-CAM++"] for row in grid])


@claim("07.saliency_hits")
def _(grid):
    return np.mean([row["saliency"] for row in grid])


@claim("07.guided_edges")
def _(mobilenet, panda, c, maps):
    lines = np.abs(guided_backpropagation(mobilenet, panda, c)).max(axis=-1)
    return ranks(lines, maps["edges"])


@claim("07.guided_stays", "the old one for each of five seeds and")
def _(sanity):
    found = at(sanity, "Conv_1", "guided")
    runs = {(row["seed"], row["photograph"]) for row in sanity}
    return len(runs) == len(found) == 40 and found.min() >= 0.98


@claim("07.grad_cam_mean")
def _(sanity):
    return at(sanity, "predictions", "Grad-CAM").mean()


@claim("07.guided_least")
def _(sanity):
    return at(sanity, "Conv_1", "guided").min()


@claim("07.grad_cam_low")
def _(sanity):
    return at(sanity, "predictions", "Grad-CAM").min()


@claim("07.grad_cam_high")
def _(sanity):
    return at(sanity, "predictions", "Grad-CAM").max()


@claim("07.blind_passes", "below a quarter")
def _(sanity):
    """It stays where only the output is shuffled; at block 13 both lie about 0."""
    stays = at(sanity, "predictions", "plain mean").min() > 0.999
    there = [at(sanity, "block_13_expand", m).mean() for m in ("Grad-CAM", "plain mean")]
    later = [at(sanity, name, "plain mean").mean() for name in BELOW]
    return stays and max(np.abs(there)) < 0.1 and max(later) < 0.25


BELOW = ("block_13_expand", "block_8_expand", "block_3_expand", "Conv1")
RULE = 0.05 / 12  # two controls, six measures
HARD = ("plain mean", "centre")


@claim("07.dots_fall_sooner", "make the panda fall sooner than Grad-CAM does")
def _(falls):
    dots, ours = (np.mean(falls[name][1:]) for name in ("dots", "Grad-CAM"))
    return dots < ours - 0.05


@claim("07.three_curves", "hardly to be told apart")
def _(falls, rises):
    """Their mean heights differ by less than a thirtieth, and the other four's by more."""

    def apart(found, name):
        return abs(np.mean(found[name]) - np.mean(found["Grad-CAM"]))

    others = set(falls) - {*HARD, "Grad-CAM"}
    near = max(apart(found, name) for found in (falls, rises) for name in HARD)
    return near < 1 / 30 < min(apart(rises, name) for name in others)


@claim("07.deletion_open", "neither difference is near it")
def _(trial):
    return min(flip(differences(trial, "deletion", other)) for other in HARD) > 0.05


@claim("07.insertion_seen", "both differences pass")
def _(trial):
    blind, centre = (differences(trial, "insertion", other) for other in HARD)
    return RULE / 2 < flip(blind) < RULE and flip(centre) < RULE / 10


@claim("07.insertion_gain")
def _(trial):
    return differences(trial, "insertion", "plain mean").mean()


@claim("07.blots_drop", "cannot be told from the random blots")
def _(trial):
    return flip(differences(trial, "drop", "blots")) > 0.5


@claim("07.kept_seen", "is better than both controls by the twelve-test rule")
def _(trial):
    found = [differences(trial, "kept", other) for other in HARD]
    return all(d.mean() < 0 and flip(d) < RULE for d in found)


@claim("07.drop_open", "no difference passes")
def _(trial):
    return min(flip(differences(trial, "drop", other)) for other in HARD) > RULE


@claim("07.blur_before")
def _(trial):
    return np.mean(list(by_photograph(trial, "saliency", "most").values()))


@claim("07.blur_after")
def _(trial):
    return np.mean(list(by_photograph(trial, "saliency, blurred", "most").values()))


@claim("07.blur_helps", "where Grad-CAM is")
def _(trial):
    d = differences(trial, "most", "saliency, blurred")
    return abs(d.mean()) < 0.02 and flip(d) > 0.5


@claim("07.centre_ties", "cannot be told from Grad-CAM")
def _(trial):
    return min(flip(differences(trial, m, "centre")) for m in ("most", "least")) > 0.05


@claim("07.road_open", "no difference from the two hard controls passes")
def _(trial):
    tests = [(measure, other) for measure in ("most", "least") for other in HARD]
    return min(flip(differences(trial, *test)) for test in tests) > 0.05


# Random labels


def agreement(labels, kind: str, method: str) -> np.ndarray:
    return np.array([row[method] for row in labels if row["other"] == kind])


@claim("07.right_mean")
def _(labels):
    return agreement(labels, "right", "Grad-CAM").mean()


@claim("07.random_mean")
def _(labels):
    return agreement(labels, "random", "Grad-CAM").mean()


METHODS = ("Grad-CAM", "saliency", "guided", "plain mean")


@claim("07.all_fall", "all four methods the mean falls")
def _(labels):
    """For each method, the mean over pairs; the plain mean of the channels among them."""
    return all(
        agreement(labels, "random", m).mean() < agreement(labels, "right", m).mean() - 0.05
        for m in METHODS
    )


@claim("07.pairs_overlap", "overlap in each row")
def _(labels):
    return all(
        agreement(labels, "random", m).max() > agreement(labels, "right", m).min() for m in METHODS
    )
