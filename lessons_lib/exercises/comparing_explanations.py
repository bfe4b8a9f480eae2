"""Checkers for lesson 07."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import softmax

from lessons_lib.exercises.registry import close, exercise
from lessons_lib.judging.statistics import bootstrap


@exercise(
    "07.1",
    expects="three numbers: pointing game, energy, IoU",
    praise="Three measures, three opinions of one map.",
)
def _by_hand(answer: Any) -> str | None:
    answer = np.asarray(answer, float)
    if answer.shape != (3,):
        return f"Three numbers are asked for; this has the shape {answer.shape}."
    pointing, energy, overlap = answer
    if pointing not in (0, 1):
        return "The pointing game is won or lost: 1 or 0."
    if pointing == 1:
        return "Pointing game: the hottest pixel is the 4. In which row does it lie?"
    if close(energy, 1 / 5, 0.01) or close(energy, 1 / 7, 0.01):
        return "Energy counts only what is positive: the -2 is no heat, inside or outside."
    if not close(energy, 3 / 7, 0.01):
        return "Energy: the positive heat in the bottom row, over all positive heat."
    if close(overlap, 1 / 2, 0.01):
        return "IoU: the pixels that are in both, over those in *either*, not over the object's."
    if not close(overlap, 1 / 3, 0.01):
        return (
            "IoU: the object has two pixels, so take the map's two hottest. How many are in both?"
        )
    return None


class _Blocks:
    """A network whose logits are known: class c adds up the blocks with a weight for each."""

    def __init__(self) -> None:
        self.weights = np.random.default_rng(7).normal(size=(2, 7, 7))

    def logits(self, x: Any) -> Any:
        x = np.asarray(x, float)
        x = x[None] if x.ndim == 3 else x
        if x.shape[1:] != (224, 224, 3):
            raise ValueError(f"the network takes (n, 224, 224, 3), not {x.shape}")
        blocks = x.reshape(len(x), 7, 32, 7, 32, 3).mean(axis=(2, 4, 5))
        return np.einsum("nij,cij->nc", blocks, self.weights)

    def probabilities(self, x: Any) -> Any:
        return softmax(self.logits(x) / 1000, axis=1)  # soft enough for falls to be seen


@exercise(
    "07.2",
    expects="a function of a classifier, pictures and classes",
    praise="A method of your own, tested on a network whose answer is known.",
)
def _occlusion(answer: Any) -> str | None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 255, (2, 7, 7, 3)).repeat(32, axis=1).repeat(32, axis=2).astype("float32")
    kept, classes, network = x.copy(), np.array([1, 0]), _Blocks()
    colours = x[:, ::32, ::32].mean(axis=-1).astype(float)
    right = network.weights[classes] * (colours - 127.5)
    asked = SimpleNamespace(logits=network.logits, probabilities=network.probabilities)
    found = np.asarray(answer(asked, x, classes), float)
    if not np.array_equal(x, kept):
        return "The pictures x were changed. Cover a copy: picture.copy()."
    if found.shape != (2, 7, 7):
        return f"For two pictures the maps have the shape (2, 7, 7); these have {found.shape}."
    if close(found, right, 0.01):
        return None
    if not found.any():
        return "All zeros: write the falls into `maps` before you return it."
    if not found[1].any():
        return "Only the first picture has a map: go through all pictures before you return."
    if close(found, np.abs(right), 0.01) or close(found, np.maximum(right, 0), 0.01):
        return "Keep the sign: covering a place may also make the logit rise."
    if np.abs(found).max() <= 1:
        return "Falls of at most 1: are these probabilities? The logit is asked for."
    if close(found, network.weights[classes] * (colours - 0.5), 0.01):
        return "That square is almost black: pixels run from 0 to 255, so grey is 127.5, not 0.5."
    if close(found, -right, 0.01):
        return "The sign is turned round: the fall is the whole picture's logit less the covered's."
    if close(found, right.transpose(0, 2, 1), 0.01):
        return "Rows and columns are swapped: place (i, j) is row 32 i, column 32 j."
    if close(found, network.weights[classes] * colours, 0.01):
        return "That square is black. Grey, 127.5, is asked for."
    other = network.weights[1 - classes] * (colours - 127.5)
    one = network.weights[[classes[0]] * 2] * (colours - 127.5)
    if close(found, other, 0.01) or close(found, one, 0.01):
        return "Each picture has its own class: take classes[n] for picture n."
    return (
        "On a network that adds up blocks with known weights, the fall is weight times (block "
        "- 127.5); your map is another. Does each covered picture start from the whole one?"
    )


@exercise(
    "07.3",
    expects="a function of two arrays of scores that gives one of three texts",
    praise="The mean favours ours, but another ten photographs may turn it round.",
)
def _verdict(answer: Any) -> str | None:
    rng = np.random.default_rng(3)
    hard = rng.uniform(0.1, 0.6, 30)
    cases = {
        "ours": (hard - 0.02 + rng.normal(0, 0.005, 30), hard),
        "theirs": (hard + 0.02 + rng.normal(0, 0.005, 30), hard),
        "no difference seen": (hard + rng.normal(0, 0.05, 30), hard + rng.normal(0, 0.05, 30)),
    }
    d = bootstrap(cases["no difference seen"][0] - cases["no difference seen"][1])
    assert d.low < 0 < d.high, "the case must have no clear winner"
    said = {name: answer(a.copy(), b.copy()) for name, (a, b) in cases.items()}
    strange = [text for text in said.values() if text not in cases]
    if strange:
        return f"One of {list(cases)} is asked for, not {strange[0]!r}."
    if all(said[name] == name for name in cases):
        return None
    if said["ours"] == "theirs" or said["theirs"] == "ours":
        return "The direction: for deletion less is better, so ours - theirs below 0 is for ours."
    if said["no difference seen"] != "no difference seen":
        return "The interval of the differences holds 0 in one test, and yet this names a winner."
    return (
        "A small difference on every single picture was not seen. Take the interval of the "
        "differences, picture by picture, not one for each method; on one side of 0 it is one."
    )
