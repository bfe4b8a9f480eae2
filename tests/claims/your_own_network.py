"""What lesson 11 says of its networks."""

import numpy as np
from scipy.stats import beta

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging import insertion
from lessons_lib.methods import METHODS
from tests.claims import claim


def held_crops(features, owner, fit, labels):
    """How many crops that were drawn by lot are named right; the lot is that of the lesson."""
    out = np.random.default_rng(0).random(len(features)) < 0.25
    head = fit(features[~out], labels[owner[~out]])
    return int(
        (np.sign(features[out] @ head.coef_[0] + head.intercept_) > 0)[
            labels[owner[out]] == 1
        ].sum()
    ) + int((features[out] @ head.coef_[0] + head.intercept_ <= 0)[labels[owner[out]] == 0].sum())


def held_photographs(features, of_whole, owner, fit, labels):
    """How many photographs are named right by a head that has seen none of their crops."""
    right = 0
    for k in range(5):
        out = np.arange(k, 20, 5)
        seen = ~np.isin(owner, out)
        head = fit(features[seen], labels[owner[seen]])
        right += int((((of_whole[out] @ head.coef_[0] + head.intercept_) > 0) == labels[out]).sum())
    return right


@claim("11.crops_true")
def _(features, owner, fit, y):
    return held_crops(features, owner, fit, y)


@claim("11.crops_shuffled")
def _(features, owner, fit, shuffled):
    return held_crops(features, owner, fit, shuffled)


@claim("11.photographs_true")
def _(features, of_whole, owner, fit, y):
    return held_photographs(features, of_whole, owner, fit, y)


@claim("11.photographs_shuffled")
def _(features, of_whole, owner, fit, shuffled):
    return held_photographs(features, of_whole, owner, fit, shuffled)


@claim("11.low")
def _(by_photographs, y):
    """The quantile of a beta distribution: Clopper and Pearson's own form."""
    k = int(by_photographs(y).sum())
    return beta.ppf(0.025, k, 20 - k + 1)


@claim("11.high")
def _(by_photographs, y):
    k = int(by_photographs(y).sum())
    return beta.ppf(0.975, k + 1, 20 - k)


def like_the_blind(network, koala, layer):
    one = grad_cam(network, koala, "animal", layer).ravel()
    other = network.activations(koala, layer)[0].mean(axis=-1).ravel()
    return np.corrcoef(one, other)[0, 1]


@claim("11.blind_coarse")
def _(network, koala, coarse):
    return like_the_blind(network, koala, coarse)


@claim("11.blind_fine")
def _(network, koala, fine):
    return like_the_blind(network, koala, fine)


def hottest_on_tag(heats, inside):
    """Share of maps whose hottest place lies on the tag, by the enlarged map's largest pixels."""
    found = []
    for heat, place in zip(heats, inside, strict=True):
        large = images.resize(heat, (96, 96))
        found.append(place[large == large.max()].mean())
    return float(np.mean(found))


@claim("11.tag_fine")
def _(shortcut, stamped, few, inside, fine):
    return 100 * hottest_on_tag(grad_cam(shortcut, stamped[few], "B", fine), inside[few])


@claim("11.tag_coarse")
def _(shortcut, stamped, few, inside, coarse):
    return 100 * hottest_on_tag(grad_cam(shortcut, stamped[few], "B", coarse), inside[few])


@claim("11.tag_blind")
def _(shortcut, stamped, few, inside, fine):
    return hottest_on_tag(shortcut.activations(stamped[few], fine).mean(-1), inside[few]) == 0


@claim("11.tag_honest")
def _(network, stamped, few, inside, fine):
    return 100 * hottest_on_tag(grad_cam(network, stamped[few], "animal", fine), inside[few])


@claim("11.every_photograph")
def _(shortcut, stamped, few, inside, fine, coarse):
    """Of each of the four photographs more maps are right at 6 x 6 than at 3 x 3."""
    return all(
        hottest_on_tag(grad_cam(shortcut, stamped[part], "B", fine), inside[part])
        > hottest_on_tag(grad_cam(shortcut, stamped[part], "B", coarse), inside[part])
        for part in few.reshape(4, 12)
    )


@claim("11.named_a")
def _(shortcut, crops, seen):
    return int((shortcut.probabilities(crops[~seen]).argmax(axis=-1) == 0).sum())


@claim("11.named_b")
def _(shortcut, stamped, seen):
    return int((shortcut.probabilities(stamped[~seen]).argmax(axis=-1) == 1).sum())


@claim("11.tag_share")
def _():
    """A tag is 24 pixels high and 30 wide."""
    return 100 * 24 * 30 / 96**2


@claim("11.castle")
def _(shortcut, network, stamped, few, inside, fine):
    """Of the castle's prints both heads' maps are hottest on the tag in 59 %."""
    part = few[36:]
    both = [
        hottest_on_tag(grad_cam(asked, stamped[part], label, fine), inside[part])
        for asked, label in ((shortcut, "B"), (network, "animal"))
    ]
    return all(round(100 * share) == 59 for share in both)


def raccoon_insertion(network, photos, heat):
    """Of a map for "animal", the area under the curve."""
    return insertion(network, photos["raccoon"], images.resize(heat, (96, 96)), "animal").area


@claim("11.cam_insertion")
def _(network, photos, fine):
    heat = grad_cam(network, photos["raccoon"], "animal", fine)
    return raccoon_insertion(network, photos, heat)


@claim("11.occlusion_insertion")
def _(network, photos):
    """As `explain` takes it: with windows of a quarter of the picture."""
    heat = METHODS["occlusion"](network, network.prepare(photos["raccoon"]), np.array([1]))[0]
    return raccoon_insertion(network, photos, heat)


@claim("11.control_insertion")
def _(network, photos, fine):
    heat = network.activations(photos["raccoon"], fine)[0].mean(axis=-1)
    return raccoon_insertion(network, photos, heat)
