"""What lesson 10 says of its pictures."""

import numpy as np
from scipy.stats import t

from lessons_lib import images, maps
from lessons_lib.grad_cam import grad_cam
from tests.claims import claim
from tests.claims.anew import hottest, ranks

GUITAR, DRUM = 546, 541


def two(method, squeezenet, stage, **options) -> float:
    """Rank correlation of a method's maps of both classes."""
    return ranks(*(method(squeezenet, stage, c, **options) for c in (GUITAR, DRUM)))


def largest(phi: np.ndarray) -> np.ndarray:
    return np.abs(phi).max(axis=-1)


def on_the_skin(heat: np.ndarray) -> bool:
    row, column = hottest(heat)
    return 0.45 < row < 0.8 and 0.25 < column < 0.55


@claim("10.blind_on_guitar", "the class-blind map is hottest there")
def _(squeezenet, stage, layer):
    """At the same block as Grad-CAM's, right of the middle, where neck and body meet."""
    plain = squeezenet.activations(stage, layer)[0].sum(axis=-1)
    row, column = hottest(plain)
    same = plain.argmax() == grad_cam(squeezenet, stage, GUITAR, layer).argmax()
    return same and 0.65 < column < 0.8 and 0.2 < row < 0.9


@claim("10.hires_like_grad", "nearly Grad-CAM here")
def _(squeezenet, stage, layer):
    one, other = (m(squeezenet, stage, GUITAR, layer) for m in (grad_cam, maps.hires_cam))
    return np.abs(one - other).max() < 0.1 * one.max()


@claim("10.eigen_drum", "hottest on the big drum")
def _(squeezenet, stage, layer):
    return on_the_skin(maps.eigen_cam(squeezenet, stage, layer))


@claim("10.plus_drum")
def _(squeezenet, stage, layer):
    return two(maps.grad_cam_plus_plus, squeezenet, stage, layer=layer)


@claim("10.grad_drum")
def _(squeezenet, stage, layer):
    return two(grad_cam, squeezenet, stage, layer=layer)


def balance(squeezenet, stage, layer) -> np.ndarray:
    """What both ReLUs see, of the guitar."""
    found = squeezenet.gradients(stage, GUITAR, layer=layer)
    return found.A[0] @ found.gradient[0].mean(axis=(0, 1))


@claim("10.against_on_drum", "hottest on the skin of the big drum")
def _(squeezenet, stage, layer):
    return on_the_skin(-balance(squeezenet, stage, layer))


@claim("10.against_share")
def _(squeezenet, stage, layer):
    both = balance(squeezenet, stage, layer)
    return -100 * both[both < 0].sum() / both[both > 0].sum()


@claim("10.against_drum")
def _(squeezenet, stage, layer):
    against = np.maximum(-balance(squeezenet, stage, layer), 0)
    return ranks(against, grad_cam(squeezenet, stage, DRUM, layer))


EARLY = ("fire2_concat", "fire4_concat", "fire6_concat", "fire9_concat")


@claim("10.early_edges", "between a quarter and a half at all four")
def _(squeezenet, stage, edges):
    """At four layers, whose maps are of four depths and three sizes."""
    heats = [maps.layer_cam(squeezenet, stage, GUITAR, name) for name in EARLY]
    found = [ranks(heat, images.resize(edges, heat.shape)) for heat in heats]
    assert [len(heat) for heat in heats] == [55, 27, 13, 13]
    assert len(set(found)) == 4
    return min(found) > 0.25 and max(found) < 0.5


@claim("10.early_blind", "fire9's map correlates most")
def _(squeezenet, stage):
    found = {}
    for name in EARLY:
        plain = squeezenet.activations(stage, name)[0].sum(axis=-1)
        found[name] = ranks(maps.layer_cam(squeezenet, stage, GUITAR, name), plain)
    *early, last = found.values()
    return max(early) < last - 0.1 and min(early) > 0.2


def at_layer(squeezenet, stage, name: str) -> float:
    return two(maps.layer_cam, squeezenet, stage, layer=name)


@claim("10.early_two")
def _(squeezenet, stage):
    return at_layer(squeezenet, stage, "fire2_concat")


@claim("10.early_four")
def _(squeezenet, stage):
    return at_layer(squeezenet, stage, "fire4_concat")


@claim("10.early_six")
def _(squeezenet, stage):
    return at_layer(squeezenet, stage, "fire6_concat")


@claim("10.early_last")
def _(squeezenet, stage):
    return at_layer(squeezenet, stage, "fire9_concat")


def lines_of(squeezenet, stage, target) -> np.ndarray:
    return largest(maps.guided_backpropagation(squeezenet, stage, target))


@claim("10.guided_drum")
def _(squeezenet, stage):
    return ranks(*(lines_of(squeezenet, stage, c) for c in (GUITAR, DRUM)))


@claim("10.guided_goldfish")
def _(squeezenet, stage):
    return ranks(*(lines_of(squeezenet, stage, c) for c in (GUITAR, "goldfish")))


@claim("10.guided_edges")
def _(squeezenet, stage, edges):
    return ranks(lines_of(squeezenet, stage, GUITAR), edges)


def clouds(squeezenet, stage, *which: tuple[int, int]) -> list[np.ndarray]:
    return [
        largest(maps.smooth_grad(squeezenet, stage, c, samples=16, seed=seed)) for c, seed in which
    ]


@claim("10.smooth_seed")
def _(squeezenet, stage):
    return ranks(*clouds(squeezenet, stage, (GUITAR, 0), (GUITAR, 1)))


@claim("10.smooth_drum")
def _(squeezenet, stage):
    """Each class with noise of its own."""
    return ranks(*clouds(squeezenet, stage, (GUITAR, 0), (DRUM, 1)))


@claim("10.smooth_shared")
def _(squeezenet, stage):
    return ranks(*clouds(squeezenet, stage, (GUITAR, 0), (DRUM, 0)))


@claim("10.smooth_class", "whichever of four seeds each map gets")
def _(squeezenet, stage):
    """All pairs of one class and other noise, and all pairs of both classes and other noise."""
    seeds = range(4)
    guitar, drum = (clouds(squeezenet, stage, *((c, s) for s in seeds)) for c in (GUITAR, DRUM))
    same = [ranks(of[i], of[j]) for of in (guitar, drum) for i in seeds for j in seeds if i < j]
    other = [ranks(guitar[i], drum[j]) for i in seeds for j in seeds if i != j]
    assert len(same) == len(other) == 12
    return max(other) + 0.03 < min(same) and max(same) < 0.6


@claim("10.bent_straight")
def _(bent, straight):
    return ranks(largest(bent.phi), largest(straight.phi))


@claim("10.bent_ratio", "more than twice what it should")
def _(squeezenet, x, bent, straight):
    """And the straight path comes within a tenth."""
    lit, dark = squeezenet.logits([x, np.zeros_like(x)])[:, GUITAR]
    assert abs(straight.phi.sum(dtype=float) / (lit - dark) - 1) < 0.1
    return bent.phi.sum(dtype=float) / (lit - dark) > 2


@claim("10.bent_default", "more than twice again")
def _(squeezenet, stage):
    """With the steps of the authors' program; it takes as long as half of the lesson."""
    found = maps.guided_integrated_gradients(squeezenet, stage, GUITAR)
    return found.total / found.difference > 2


@claim("10.xrai_drum")
def _(xrai):
    return ranks(xrai[GUITAR], xrai[DRUM])


@claim("10.xrai_edges")
def _(xrai, edges, x):
    return ranks(xrai[GUITAR], maps.merged(edges, maps.overlapping_regions(x)))


@claim("10.xrai_sum", "more than ten times $F")
def _(squeezenet, x, xrai):
    lit, dark = squeezenet.logits([x, np.zeros_like(x)])[:, GUITAR]
    return xrai[GUITAR].sum() > 10 * (lit - dark)


def blocks(squeezenet, stage, target: int, colour: str) -> np.ndarray:
    """Occlusion of the package, whose windows lie side by side: one value for each."""
    heat = maps.occlusion(squeezenet, stage, target, window=32, stride=32, baseline=colour)
    return heat[16::32, 16::32]


@claim("10.occlusion_drum")
def _(squeezenet, stage):
    return ranks(*(blocks(squeezenet, stage, c, "grey") for c in (GUITAR, DRUM)))


@claim("10.occlusion_chance")
def _(grey):
    """Student's t with two numbers less than windows, turned into a correlation."""
    freedom = grey[..., 0].size - 2
    quantile = t.isf(0.025, freedom)
    return quantile / np.sqrt(freedom + quantile**2)


@claim("10.occlusion_rises")
def _(squeezenet, stage):
    fall = blocks(squeezenet, stage, GUITAR, "grey")
    return (fall < 0).sum(), fall.size


@claim("10.occlusion_white")
def _(squeezenet, stage):
    return ranks(*(blocks(squeezenet, stage, GUITAR, colour) for colour in ("grey", "white")))


def risen(S: np.ndarray, M: np.ndarray) -> np.ndarray:
    """The mean score of the masks that show a place, less the mean: the covariance over p."""
    return np.einsum("n,nhw->hw", S - S.mean(), M - M.mean(axis=0)) / (len(M) - 1)


@claim("10.rise_drum")
def _(S, M):
    return ranks(*(risen(column, M) for column in S.T))


@claim("10.rise_halves")
def _(S, M):
    return ranks(risen(S[:120, 0], M[:120]), risen(S[120:, 0], M[120:]))


@claim("10.wall", "Eigen-CAM and guided backpropagation hang nearly the same picture")
def _(wall):
    """Two rows are above 0.9; seven lie between -0.2 and 0.2, and no other does."""
    drum = {name: of_drum for name, (of_drum, _) in wall.items()}
    alike = {name for name, r in drum.items() if r > 0.9}
    unrelated = {name for name, r in drum.items() if abs(r) < 0.2}
    cams = {"Grad-CAM", "XGrad-CAM", "HiResCAM", "Ablation-CAM"}
    return alike == {"Eigen-CAM", "guided"} and unrelated == cams | {"against", "occlusion", "RISE"}
