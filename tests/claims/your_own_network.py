"""What lesson 11 says of its networks."""

import numpy as np
from scipy.stats import beta

from lessons_lib import images
from lessons_lib.grad_cam import grad_cam
from lessons_lib.judging import deletion, insertion
from lessons_lib.methods import METHODS
from tests.claims import claim

HELD_OUT = "cat", "koala", "raccoon", "neuschwanstein"  # which no head for the maps has seen


def held_crops(features, owner, fit, labels):
    """How many crops that were drawn by lot are named right; the lot is that of the lesson."""
    out = np.random.default_rng(0).random(len(features)) < 0.25
    head = fit(features[~out], labels[owner[~out]])
    right = (features[out] @ head.coef_[0] + head.intercept_ > 0) == labels[owner[out]]
    return right.sum(), len(right)


def held_photographs(features, of_whole, owner, fit, labels):
    """How many photographs are named right by a head that has seen none of their crops."""
    right = 0
    for k in range(5):
        out = np.arange(k, 20, 5)
        seen = ~np.isin(owner, out)
        head = fit(features[seen], labels[owner[seen]])
        right += int((((of_whole[out] @ head.coef_[0] + head.intercept_) > 0) == labels[out]).sum())
    return right, len(labels)


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


@claim("11.tag_coarse", "a smaller share than the tag has of the picture")
def _(shortcut, crops, stamped, few, inside, coarse):
    """Two places of a print or two are nearly as hot as each other: which, differs by computer."""
    maps = grad_cam(shortcut, stamped[few], "B", coarse)
    return hottest_on_tag(maps, inside[few]) < tag_share(crops, stamped, few)


@claim("11.tag_blind", "never hottest on the tag")
def _(shortcut, stamped, few, inside, fine):
    return hottest_on_tag(shortcut.activations(stamped[few], fine).mean(-1), inside[few]) == 0


@claim("11.tag_honest")
def _(network, stamped, few, inside, fine):
    return 100 * hottest_on_tag(grad_cam(network, stamped[few], "animal", fine), inside[few])


@claim("11.every_photograph", "in each of the four photographs")
def _(shortcut, stamped, few, inside, fine, coarse):
    """Of each of the four photographs more maps are right at 6 x 6 than at 3 x 3."""
    return all(
        hottest_on_tag(grad_cam(shortcut, stamped[part], "B", fine), inside[part])
        > hottest_on_tag(grad_cam(shortcut, stamped[part], "B", coarse), inside[part])
        for part in few.reshape(4, 12)
    )


@claim("11.named_a")
def _(shortcut, crops, seen):
    named = shortcut.probabilities(crops[~seen]).argmax(axis=-1)
    return (named == 0).sum(), len(named)


@claim("11.named_b", "either 44 or 45")
def _(shortcut, stamped, seen):
    """One print lies so near to a half that the last digits decide."""
    return (shortcut.probabilities(stamped[~seen]).argmax(axis=-1) == 1).sum() in (44, 45)


def tag_share(crops, stamped, few):
    """Of the pixels, those that a tag may have changed: the smallest box around the changes."""
    shares = []
    for before, after in zip(crops[few], stamped[few], strict=True):
        rows, columns = np.nonzero((before != after).any(axis=-1))
        box = (np.ptp(rows) + 1) * (np.ptp(columns) + 1) if len(rows) else 0
        shares.append(box / before[..., 0].size)
    return float(np.mean(shares))


@claim("11.tag_share")
def _(crops, stamped, few):
    return 100 * tag_share(crops, stamped, few)


def on_the_castle(asked, label, stamped, few, inside, fine):
    """Of the last twelve prints: in how many per cent the map is hottest on the tag."""
    part = few[36:]
    return 100 * hottest_on_tag(grad_cam(asked, stamped[part], label, fine), inside[part])


@claim("11.castle_archives")
def _(shortcut, stamped, few, inside, fine):
    return on_the_castle(shortcut, "B", stamped, few, inside, fine)


@claim("11.castle_honest")
def _(network, stamped, few, inside, fine):
    return on_the_castle(network, "animal", stamped, few, inside, fine)


def called_b(shortcut, pictures):
    """The mean probability of B: the sigmoid of what the head's layer gives, pixel by pixel in."""
    z = shortcut.logits(np.asarray(pictures, np.float32))[:, 1].astype(float)
    return float((1 / (1 + np.exp(-z))).mean())


def painted(pictures, places, colours):
    """Copies in which each place has one colour."""
    copies = np.array(pictures, np.float32)
    for copy, place, colour in zip(copies, places, colours, strict=True):
        copy[place] = colour
    return copies


@claim("11.wrongly_b")
def _(shortcut, crops, seen):
    """Prints without a tag that are called B."""
    return int((shortcut.logits(crops[~seen])[:, 1] > 0).sum())


@claim("11.as_printed")
def _(shortcut, stamped, few):
    return called_b(shortcut, stamped[few])


def covered(shortcut, stamped, few, inside):
    prints = stamped[few]
    return called_b(shortcut, painted(prints, inside[few], prints.mean(axis=(1, 2))))


claim("11.covered")(covered)


@claim("11.never_tagged", "within two hundredths of where the crops stand that never had one")
def _(shortcut, crops, stamped, few, inside):
    return abs(covered(shortcut, stamped, few, inside) - called_b(shortcut, crops[few])) < 0.02


@claim("11.beside")
def _(shortcut, stamped, few, inside):
    """As many pixels half a picture away, none of them on the tag."""
    prints, places = stamped[few], []
    for place in inside[few]:
        rows, columns = np.nonzero(place)
        away = np.zeros_like(place)
        away[(rows + 48) % 96, (columns + 48) % 96] = True
        assert away.sum() == place.sum()
        assert not (away & place).any()
        places.append(away)
    return called_b(shortcut, painted(prints, places, prints.mean(axis=(1, 2))))


@claim("11.new")
def _(shortcut, photos):
    whole = [images.resize(photos[name], (96, 96)) for name in HELD_OUT]
    return called_b(shortcut, whole)


@claim("11.moved")
def _(shortcut, moved):
    return called_b(shortcut, moved)


@claim("11.patch")
def _(shortcut, new, where):
    return called_b(shortcut, painted(new, where, [235] * len(new)))


@claim("11.prints_with_tags")
def _(places, seen):
    return int(places[~seen].any(axis=(1, 2)).sum())


@claim("11.number_on_tag")
def _(counter, several, some, places, fine):
    return 100 * hottest_on_tag(grad_cam(counter, several[some], "tags", fine), places[some])


@claim("11.number_blind")
def _(counter, several, some, places, fine):
    return 100 * hottest_on_tag(counter.activations(several[some], fine).mean(-1), places[some])


@claim("11.number_share")
def _(some, places):
    return 100 * np.mean([place.sum() / 96**2 for place in places[some]])


@claim("11.number_off")
def _(counter, several, counts, seen):
    off = counter.logits(several[~seen])[:, 0] - counts[~seen]
    return float(np.sqrt(np.mean(off**2)))


@claim("11.said_of_one")
def _(counter, several, some, counts, first):
    """Of the print with one tag that is shown."""
    assert counts[some[first[0]]] == 1
    return counter.logits(several[some[first[0]]])[0, 0]


def raccoon(network, photos, curve, heat, label="animal"):
    """The area under one of the curves, in the steps that `explain` takes."""
    heat = images.resize(heat, (96, 96))
    return curve(network, photos["raccoon"], heat, label, steps=15).area


def raccoon_maps(network, photos, fine, label="animal"):
    """Grad-CAM; occlusion as `explain` takes it, with windows of a quarter; the control."""
    x, c = network.prepare(photos["raccoon"]), network.labels.index(label)
    return {
        "cam": grad_cam(network, photos["raccoon"], label, fine),
        "occlusion": METHODS["occlusion"](network, x, np.array([c]))[0],
        "control": network.activations(photos["raccoon"], fine)[0].mean(axis=-1),
    }


def measured(curve, name, label="animal"):
    """A claim: the area under a curve of one of the maps."""
    return lambda network, photos, fine: raccoon(
        network, photos, curve, raccoon_maps(network, photos, fine, label)[name], label
    )


for map_name in ("cam", "occlusion", "control"):
    claim(f"11.{map_name}_insertion")(measured(insertion, map_name))
    claim(f"11.{map_name}_deletion")(measured(deletion, map_name))
claim("11.other_insertion")(measured(insertion, "occlusion", "other"))
claim("11.other_control")(measured(insertion, "control", "other"))


@claim("11.other_beats", "better than the control in both")
def _(network, photos, fine):
    heats = raccoon_maps(network, photos, fine, "other")
    gain = [
        raccoon(network, photos, curve, heats["occlusion"], "other")
        - raccoon(network, photos, curve, heats["control"], "other")
        for curve in (insertion, deletion)
    ]
    return gain[0] > 0.1 and gain[1] < -0.1
