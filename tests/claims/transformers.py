"""What lesson 12 says of its pictures and numbers."""

import numpy as np
import pytest
from scipy import stats

from lessons_lib import digits, transformers
from lessons_lib.network import weights
from tests.claims import claim


def hottest(heat, inside) -> bool:
    """Whether a map's hottest patch holds ink of a digit, or lies beside one that does."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    around = inside[max(0, 8 * row - 8) : 8 * row + 16, max(0, 8 * column - 8) : 8 * column + 16]
    return bool(around.any())


def in_patch(heat, inside) -> bool:
    """Whether the hottest patch itself holds ink."""
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return bool(inside[8 * row : 8 * row + 8, 8 * column : 8 * column + 8].any())


def sign(measured, name, other) -> int:
    """-1 or 1 where two methods leave different probabilities (paired t, of six), else 0."""
    difference = measured[name][1] - measured[other][1]
    p = stats.ttest_1samp(difference, 0).pvalue
    return int(np.sign(difference.mean())) if p < 0.05 / 6 else 0


@claim("12.accuracy")
def _(vit, one):
    return 100 * np.mean(vit.logits(one.x).argmax(axis=1) == one.labels[:, 0])


@claim("12.held_out")
def _():
    return 100 * weights.manifest()["digit_transformer.safetensors"]["held_out"]["one_digit"]


@claim("12.five_at_five", "hottest at the 5 and the second")
def _(five, ink, labels):
    return tuple(labels[1]) == (5, 8) and hottest(five, ink[1, 0]) and not hottest(five, ink[1, 1])


@claim("12.eight_at_eight", "at the 8")
def _(eight, ink):
    return hottest(eight, ink[1, 1]) and not hottest(eight, ink[1, 0])


@claim("12.last_off_digits", "**on neither digit")
def _(vit, picture, ink):
    return not in_patch(transformers.attention_map(vit, picture), ink[1].any(axis=0))


@claim("12.norm_refused", "their slope is zero")
def _(vit):
    with pytest.raises(ValueError, match="no place of layer 'norm' reaches the class scores"):
        transformers.with_folded_tokens(vit, "norm")
    return True


@claim("12.shapley_at_five", "KernelSHAP is hottest at the 5")
def _(shapley, ink):
    return in_patch(shapley, ink[1, 0])


@claim("12.grad_cam_off", "Grad-CAM is hottest in a patch without a digit")
def _(shown, ink):
    return not in_patch(shown[0], ink[1].any(axis=0))


@claim("12.blind_half", "exactly one half")
def _(measured):
    blind = ("attention, last block", "rollout", "control: length of the tokens")
    return all(np.abs(measured[name][0] - 0.5).max() < 1e-5 for name in blind)


@claim("12.relevance_asked")
def _(measured):
    return measured["relevance"][0].mean()


@claim("12.relevance_knows", "well above one half")
def _(vit, measured):
    """On these pictures, and on thirty others."""
    others = digits.pictures(30, digits=2, seed=8)
    heats = [transformers.relevance(vit, others.x, c) for c in others.labels.T]
    on = others.inside.reshape(30, 2, 7, 8, 7, 8).mean(axis=(3, 5))
    held = [np.einsum("nhw,nkhw->nk", heat, on) for heat in heats]
    asked = np.mean([h[:, k] / h.sum(axis=1) for k, h in enumerate(held)], axis=0)
    return all(
        stats.ttest_1samp(values, 0.5, alternative="greater").pvalue < 1e-4
        for values in (asked, measured["relevance"][0])
    )


@claim("12.grad_cam_asked")
def _(measured):
    return measured["Grad-CAM"][0].mean()


@claim("12.grad_cam_unsure", "cannot be told from one half")
def _(measured):
    return stats.ttest_1samp(measured["Grad-CAM"][0], 0.5).pvalue > 0.05


@claim("12.relevance_beats_rollout", "better than rollout and")
def _(measured):
    return sign(measured, "relevance", "rollout") < 0


@claim("12.relevance_beats_grad_cam", "better than Grad-CAM")
def _(measured):
    return sign(measured, "relevance", "Grad-CAM") < 0


@claim("12.grad_cam_like_length", "cannot be told from the length of the tokens")
def _(measured):
    return sign(measured, "Grad-CAM", "control: length of the tokens") == 0


@claim("12.rollout_beats_random", "better than random")
def _(measured):
    return sign(measured, "rollout", "control: random") < 0


@claim("12.attention_like_random", "cannot be told from random")
def _(measured):
    return sign(measured, "attention, last block", "control: random") == 0


@claim("12.hiding_beats_relevance", "better than relevance")
def _(measured):
    return sign(measured, "control: one patch at a time", "relevance") < 0


@claim("12.moved")
def _(own, other):
    return np.abs(own - other).sum(axis=-1).mean() / 2


@claim("12.same_logits", "more than a ten-thousandth")
def _(vit, x, answer, own, other):
    """The logits of the lesson's own sum are the network's, and the other attention is one."""
    is_one = other.min() >= 0 and np.abs(other.sum(axis=-1) - 1).max() < 1e-6
    gaps = [np.abs(answer(a) - vit.logits(x)).max() for a in (own, other)]
    return is_one and max(gaps) < 1e-4


@claim("12.even_keeps")
def _(vit, x, answer, own):
    even = np.full_like(own, 1 / own.shape[-1])
    return int((answer(even).argmax(axis=1) == vit.logits(x).argmax(axis=1)).sum())


@claim("12.foreign_keeps")
def _(vit, x, answer, own):
    foreign = own[np.arange(len(own)) - 1]
    return int((answer(foreign).argmax(axis=1) == vit.logits(x).argmax(axis=1)).sum())


@claim("12.corner_hot", "the hottest place in every picture")
def _(wrong):
    return bool((wrong.reshape(len(wrong), -1).argmax(axis=1) == 0).all())
