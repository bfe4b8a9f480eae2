"""What lesson 08 says of its differences, its intervals and its networks."""

import itertools
import json

import numpy as np
import pandas as pd
from scipy import stats

from lessons_lib import images
from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.methods import METHODS, heat_maps
from tests.claims import claim
from tests.claims.anew import flip

MEASURES = ("deletion", "deletion, blurred", "insertion", "infidelity")


def differences(bench: list[dict], one: str, other: str, measure: str) -> np.ndarray:
    """Read anew from the rows of the table."""
    score = {(row["photograph"], row["method"]): row[measure] for row in bench}
    names = sorted({row["photograph"] for row in bench})
    return np.array([score[name, one] - score[name, other] for name in names])


def corrected(bench: list[dict]) -> dict[tuple[str, str, str], float]:
    """Holm's p of the 88 questions, by its definition."""
    methods = list(dict.fromkeys(row["method"] for row in bench))[:11]
    questions = list(itertools.product(methods, ("plain mean", "dots"), MEASURES))
    p = {q: flip(differences(bench, *q)) for q in questions}
    found, largest = {}, 0.0
    for rank, q in enumerate(sorted(questions, key=p.__getitem__)):
        largest = max(largest, min(1.0, (len(questions) - rank) * p[q]))
        found[q] = largest
    return found


def against_plain_mean(bench: list[dict], measure: str) -> dict[str, float]:
    """Methods that differ from the plain mean after Holm, with their mean difference."""
    return {
        one: differences(bench, one, other, k).mean()
        for (one, other, k), p in corrected(bench).items()
        if other == "plain mean" and k == measure and p <= 0.05
    }


def simulated_share(simulated: pd.DataFrame, numbers: str, n: int, how: str) -> float:
    rows = simulated[(simulated.numbers == numbers) & (simulated.n == n) & (simulated.how == how)]
    assert len(rows) == 1
    return float(rows.share.iloc[0])


# One difference


@claim("08.mean_shrinks", "much nearer to zero")
def _(bench):
    """Less than half; and the eight of the earlier edition lie below zero by the bootstrap."""
    d = differences(bench, "saliency", "Grad-CAM", "deletion")
    names = sorted({row["photograph"] for row in bench})
    chosen = ("panda", "macaw", "koala", "german_shepherd", "cat", "hens", "carcassonne", "coffee")
    eight = d[[names.index(name) for name in chosen]]
    drawn = np.random.default_rng(7).choice(eight, (10_000, 8)).mean(axis=1)
    return np.quantile(drawn, 0.975) < 0 and eight.mean() < 2 * d.mean() < -0.06


@claim("08.eight_by_flip", "would have said so")
def _(d, eight):
    """By the sign flip and the paired t test."""
    return flip(d[eight]) <= 0.05 and stats.ttest_1samp(d[eight], 0).pvalue <= 0.05


def four_tests(bench: list[dict]) -> list[float]:
    d = differences(bench, "saliency", "Grad-CAM", "deletion")
    up = int((d > 0).sum())
    return [
        stats.ttest_1samp(d, 0).pvalue,
        stats.wilcoxon(d).pvalue,
        min(1.0, 2 * stats.binom.cdf(min(up, len(d) - up), len(d), 0.5)),
        flip(d),
    ]


@claim("08.p_least")
def _(bench):
    """That of the sign test."""
    assert min(four_tests(bench)) == four_tests(bench)[2]
    return min(four_tests(bench))


@claim("08.p_largest")
def _(bench):
    """And without the castle all four would be small."""
    d = differences(bench, "saliency", "Grad-CAM", "deletion")
    assert flip(np.delete(d, d.argmax())) < 0.05
    return max(four_tests(bench))


@claim("08.no_difference", "no difference is seen")
def _(bench):
    return flip(differences(bench, "saliency", "Grad-CAM", "deletion")) > 0.05


# Intervals and tests. Some are drawn anew with another seed: the table itself is held to the rest.


def anew(kind: str, mean: float, n: int) -> float:
    x = getattr(np.random.default_rng(123), kind)(size=(20_000, n))
    half = stats.sem(x, axis=1) * stats.t.ppf(0.975, n - 1)
    return float((np.abs(x.mean(axis=1) - mean) <= half).mean())


@claim("08.student_normal")
def _(simulated):
    assert 0.94 < anew("normal", 0, 8) < 0.96
    return simulated_share(simulated, "normal", 8, "mean, Student")


@claim("08.bootstrap_normal")
def _(simulated):
    return simulated_share(simulated, "normal", 8, "mean, bootstrap")


@claim("08.student_skewed")
def _(simulated):
    assert 0.81 < anew("lognormal", np.exp(0.5), 8) < 0.85
    return simulated_share(simulated, "skewed", 8, "mean, Student")


@claim("08.student_skewed_50")
def _(simulated):
    assert 0.88 < anew("lognormal", np.exp(0.5), 50) < 0.92
    return simulated_share(simulated, "skewed", 50, "mean, Student")


@claim("08.student_zeros")
def _(simulated):
    return simulated_share(simulated, "70 % zeros", 8, "mean, Student")


@claim("08.median_holds", "never holds it less than $0")
def _(simulated):
    """In the table; and by the binomial distribution, for each number up to 60."""
    for n in range(6, 61):
        k = int(stats.binom.ppf(0.025, n, 0.5))
        assert 1 - 2 * stats.binom.cdf(k - 1, n, 0.5) >= 0.95
    return simulated[simulated.how == "median, exact"].share.min() >= 0.95


@claim("08.hits_hold", "what they promise too")
def _(simulated):
    hits = simulated[simulated.numbers == "hits, p = 0.9"].set_index("how").share
    others = hits["mean, Student"].min(), hits["mean, bootstrap"].min()
    return hits["share, exact"].min() >= 0.95 and max(others) < 0.9


@claim("08.eight_hits")
def _():
    """The share that gives eight hits of eight once in forty times."""
    return 0.025 ** (1 / 8)


@claim("08.alarms_kept", "about five in a hundred at most")
def _(simulated):
    """4000 draws: five in a hundred, and three standard errors."""
    lopsided = simulated.numbers.str.startswith("lopsided")
    alarms = simulated[(simulated.of == "test") & ~lopsided].share
    return alarms.max() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 4000) and alarms.min() < 0.02


@claim("08.flip_lopsided")
def _(simulated):
    return 100 * simulated_share(simulated, "lopsided, mean 0", 8, "sign flip"), 100


@claim("08.wilcoxon_lopsided")
def _(simulated):
    return 100 * simulated_share(simulated, "lopsided, mean 0", 50, "Wilcoxon"), 100


# Many differences


def survivors(bench: list[dict]) -> list[tuple[str, str, str]]:
    """Questions whose p is small after Holm."""
    return [question for question, p in corrected(bench).items() if p <= 0.05]


@claim("08.survivors")
def _(bench):
    return len(survivors(bench))


@claim("08.better_than_dots")
def _(bench):
    """Each is better, not only another; eight by insertion."""
    beaten = [q for q in survivors(bench) if q[1] == "dots"]
    for q in beaten:
        assert (differences(bench, *q).mean() > 0) == (q[2] == "insertion")
    assert sum(q[2] == "insertion" for q in beaten) == 8
    return len(beaten)


@claim("08.score_cam_survives", "better")
def _(bench):
    return against_plain_mean(bench, "insertion")["Score-CAM"] > 0


@claim("08.dotted_worse", "worse")
def _(bench):
    """They and Score-CAM, and no other."""
    found = against_plain_mean(bench, "insertion")
    dotted = {"Integrated Gradients", "gradient × input"}
    return set(found) == dotted | {"Score-CAM"} and max(found[name] for name in dotted) < 0


@claim("08.smooth_grad_survives", "better")
def _(bench):
    found = against_plain_mean(bench, "deletion")
    return set(found) == {"SmoothGrad"} and found["SmoothGrad"] < 0


@claim("08.blur_nobody", "no method does")
def _(bench):
    return not against_plain_mean(bench, "deletion, blurred")


@claim("08.occlusion_survives", "better")
def _(bench):
    found = against_plain_mean(bench, "infidelity")
    return set(found) == {"occlusion"} and found["occlusion"] < 0


@claim("08.grad_alone")
def _(bench):
    return flip(differences(bench, "Grad-CAM", "plain mean", "insertion"))


@claim("08.grad_corrected")
def _(bench):
    return corrected(bench)["Grad-CAM", "plain mean", "insertion"]


@claim("08.grad_needs", "a few dozen photographs would do for Grad-CAM")
def _(bench):
    """By the normal approximation, which asks for a few less than the t test."""
    counts = {}
    for alpha in (0.05, 0.05 / 88):
        distance = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(0.8)
        for measure in ("deletion", "insertion", "infidelity"):
            d = differences(bench, "Grad-CAM", "plain mean", measure)
            counts[alpha, measure] = (distance * d.std(ddof=1) / d.mean()) ** 2
    alone, among = (np.array(list(counts.values())[i : i + 3]) for i in (0, 3))
    return alone.min() > 15 and alone.max() < 45 and among.min() > 40 and among.max() < 100


@claim("08.lime_thousands", "thousands")
def _(bench):
    """By a simulated test with two thousand photographs: mostly not seen."""
    d = differences(bench, "LIME", "plain mean", "insertion")
    drawn = np.random.default_rng(0).normal(d.mean(), d.std(ddof=1), (2000, 2000))
    return (stats.ttest_1samp(drawn, 0, axis=1).pvalue <= 0.05).mean() < 0.8


# Two networks


def stored_hans(network: str) -> pd.DataFrame:
    """The stored rows of a network."""
    rows = json.loads((images.DATA / "evidence" / "hans.json").read_text(encoding="utf-8"))["rows"]
    return pd.DataFrame(rows).query("network == @network")


def amounts(network: str) -> pd.DataFrame:
    """Sums over the tag, and the truth: a row a seed, a column a method."""
    of = stored_hans(network)
    return of.pivot(index=["seed", "truth"], columns="method", values="amount").reset_index("truth")


def hottest(network: str) -> pd.DataFrame:
    """Shares of the hottest pixels in the tag: a row a seed, a column a method."""
    return stored_hans(network).pivot(index="seed", columns="method", values="hottest")


@claim("08.hot_in_both", "in the tag for Hans *and* for the honest")
def _(dogs, tag):
    """More than half of the hottest pixels in a twentieth of the picture; the edges, too."""
    found = np.array([hottest(name)[["Grad-CAM", "KernelSHAP"]] for name in ("Hans", "honest")])
    sharp = np.stack([np.hypot(*np.gradient(x.mean(axis=-1))) for x in dogs])
    edges = [tag[heat >= np.quantile(heat, 0.99)].mean() for heat in sharp]
    return found.shape == (2, 5, 2) and found.min() > 0.6 and min(edges) > 0.6 and tag.mean() < 0.1


@claim("08.ig_hottest", "nearly all for each Hans")
def _():
    of = {name: hottest(name)["Integrated Gradients"] for name in ("Hans", "honest")}
    return of["Hans"].min() > 0.98 and of["honest"].max() < 0.5


@claim("08.shap_near", "at least four fifths of it")
def _(hans, honest, dogs, plain, tag):
    """In the table, and for the two networks of the lesson, anew."""
    found = {name: amounts(name)[["truth", "KernelSHAP"]].to_numpy() for name in ("Hans", "honest")}
    for name, network in {"Hans": hans, "honest": honest}.items():
        truth = (network.logits(dogs) - network.logits(plain))[:, 1].mean()
        heats = heat_maps(METHODS["KernelSHAP"], network, dogs, 1)
        row = [truth, heats[:, tag].sum(axis=1).mean()]
        assert len(found[name]) == 5
        found[name] = np.vstack([found[name], row])
    shares = found["Hans"][:, 1] / found["Hans"][:, 0]
    return shares.min() >= 0.8 and shares.max() < 1.05 and np.abs(found["honest"]).max() < 0.5


@claim("08.grad_ratio", "at least six times as large for Hans")
def _():
    return (amounts("Hans")["Grad-CAM"] / amounts("honest")["Grad-CAM"]).min() >= 6


@claim("08.ig_negative", "negative where the truth is positive")
def _():
    rows = amounts("honest")
    return rows["Integrated Gradients"].max() < 0 < rows.truth.min()


@claim("08.ig_from_fur", "is the truth")
def _(hans, honest, dogs, plain, tag):
    """Picture by picture, to a twentieth of a logit; all of it lies in the tag."""
    for network in (hans, honest):
        truth = (network.logits(dogs) - network.logits(plain))[:, 1]
        for x, without, gain in zip(dogs, plain, truth, strict=True):
            heat = integrated_gradients(network, x, 1, baseline=without).phi.sum(axis=-1)
            if abs(heat[tag].sum() - gain) > 0.05 or np.abs(heat[~tag]).max() > 1e-6:
                return False
    return True


# Infidelity


@claim("08.occlusion_infidelity")
def _(bench):
    return np.median([row["infidelity"] for row in bench if row["method"] == "occlusion"])


@claim("08.ig_infidelity")
def _(bench):
    return np.median(
        [row["infidelity"] for row in bench if row["method"] == "Integrated Gradients"]
    )


@claim("08.lime_shap", "no difference seen by any of the four measures")
def _(bench):
    return all(flip(differences(bench, "LIME", "KernelSHAP", k)) > 0.05 for k in MEASURES)


@claim("08.overlap")
def _(bench):
    """Of the intervals of the medians: the fifth smallest and the fifth largest of 17."""
    methods = list(dict.fromkeys(row["method"] for row in bench))
    overlaps = []
    for measure in MEASURES:
        scores = [np.sort([r[measure] for r in bench if r["method"] == m]) for m in methods]
        for a, b in itertools.combinations(scores, 2):
            overlaps.append(a[4] <= b[-5] and b[4] <= a[-5])
    return sum(overlaps), len(overlaps)


@claim("08.wins")
def _(bench):
    lead = differences(bench, "saliency", "Grad-CAM", "deletion")
    return (lead < 0).sum(), len(lead)


@claim("08.crop_alarms", "about seven times as many false alarms as they")
def _():
    """With another seed, and without the lesson's arrays."""
    rng = np.random.default_rng(9)
    alarms = 0
    for _ in range(1500):
        crops = np.repeat(rng.normal(size=17), 5) + 0.5 * rng.normal(size=85)
        alarms += stats.ttest_1samp(crops, 0).pvalue <= 0.05
    return 6 < alarms / 1500 / 0.05 < 8
