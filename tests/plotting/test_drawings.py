"""Each drawing of a lesson is whole, has a ground of its own and says what it must."""

import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from lessons_lib import plotting
from lessons_lib.lime import IMAGE_SIGMA, cosine_distance, kernel
from lessons_lib.plotting import pictures, shap_in_practice
from lessons_lib.shapley import interventional, marginal_contributions, table_game

SPACE = "{http://www.w3.org/2000/svg}"
REWARDS = {"": 0, "A": 4, "B": 7, "C": 5, "AB": 10, "AC": 16, "BC": 20, "ABC": 35}


def coalitions() -> str:
    return plotting.shapley.lattice(REWARDS)


DRAWINGS: dict[Callable[[], str], tuple[str, ...]] = {
    plotting.cam.two_orders: (
        "convolutions", "7 × 7 places", "1280 channels", "global average", "1280 means",
        "first the mean, then the weights", "sum of w times", "mean, plus b", "logit Sc",
        "at each place", "sum of w times A", "the map M", "first the weights, then the mean",
    ),
    plotting.grad_cam.gradient_flow: (
        "thirteen convolutions", "512 channels", "1000 logits", "the gradient flows back",
        "(1) mean over places", "512 weights α", "(2) sum of α times A", "ReLU", "the map",
    ),
    plotting.score_cam.masks_and_scores: (
        "picture X", "(1) channel k", "(2) enlarge", "scale to 0..1", "mask H", "baseline where",
        "(4) ask the whole network", "logit of class c", "less that of", "bare baseline",
        "once for each", "(5) softmax", "weights α", "(6) sum of α times A", "ReLU", "the map",
    ),
    plotting.gallery_of_maps.family: (
        "A: activations", "g: slopes", "choose one", "Grad-CAM", "mean of g", "HiResCAM",
        "place by place", "Ablation-CAM", "Eigen-CAM", "principal component", "w A,", "the map",
    ),
    coalitions: (
        "nobody", "earns 0", "A, B, C", "earns 35", "one player joins", "marginal contribution",
        "A +4", "B +7", "C +5", "C +25", "one order of the six, first B, then C, then A",
    ),
    plotting.integrated_gradients.path_of_slopes: (
        "baseline x'", "photograph x", "x' + α (x - x')", "network:", "∂F / ∂x there",
        "(2) their weighted mean", "(1) times x - x'", "attributions φ", "(3) Check",
        "F(x) - F(x')",
    ),
    plotting.lime.neighbours_and_line: (
        "(1) masks z'", "1, 0, 0, 1", "(2) pictures z", "(3) ask the model", "a black box",
        "f(z) = 0.5", "(4) weigh by nearness", "weight 0.50", "(5) the line", "β4 z4'",
    ),
    plotting.judging.map_on_trial: (
        "the map on trial", "know no class", "plain mean", "centre", "blots", "dots", "edges",
        "the same question", "(1) hide the hottest", "(2) where the truth is", "right tile",
        "(3) the network forgets", "verdict", "the hardest control",
    ),
    plotting.comparison.one_difference: (
        "two methods, eight pictures", "method A", "method B", "a line is one picture",
        "A less B", "zero: no difference", "median", "interval", "p is not small", "corrected for",
    ),
    plotting.shap_in_practice.hybrid_rows: (
        "the row x", "the coalition: features 1 and 3", "the background: m rows",
        "hybrid rows: features that are present from x, the others from the background",
        "the model f,", "their mean:",
    ),
    plotting.transformers.vision_transformer: (
        "class", "places", "attention", "ten logits", "Grad-CAM", "rollout", "relevance",
    ),
    plotting.your_network.doors: (
        "your picture", "preprocessing", "layers with places", "head", "score", "the door",
        "Classifier(model, labels)", "a Score", "BlackBox(predict, labels, size)", "only ask",
    ),
}  # fmt: skip
each = pytest.mark.parametrize("draw", DRAWINGS, ids=lambda draw: draw.__name__)


@each
def test_the_drawing_is_whole_and_readable_on_any_page(draw: Callable[[], str]) -> None:
    root = ET.fromstring(draw())
    assert root.tag == f"{SPACE}svg"
    ground = root.find(f"{SPACE}rect")
    assert ground.get("fill") == "#ffffff"  # so that dark words are read on a dark page too
    _, top, width, height = map(float, root.get("viewBox").split())
    assert [float(ground.get(key)) for key in ("y", "width", "height")] == [top, width, height]
    for words in root.iter(f"{SPACE}text"):
        half = 0.27 * float(words.get("font-size")) * len(words.text)
        assert half < float(words.get("x")) < width - half
        assert top < float(words.get("y")) < top + height
    for shape in root.iter(f"{SPACE}rect"):
        right = float(shape.get("x", 0)) + float(shape.get("width"))
        assert right <= width
    said = " ".join(words.text for words in root.iter(f"{SPACE}text"))
    assert not [words for words in DRAWINGS[draw] if words not in said]
    heads = {marker.get("id") for marker in root.iter(f"{SPACE}marker")}
    used = {line.get("marker-end")[5:-1] for line in root.iter(f"{SPACE}polyline")}
    assert used == heads


def test_the_gradient_flows_from_the_logits_to_the_layer_and_not_to_the_picture() -> None:
    root = ET.fromstring(plotting.grad_cam.gradient_flow())
    [back] = [line for line in root.iter(f"{SPACE}polyline") if line.get("stroke-dasharray")]
    ends = [tuple(map(float, p.split(","))) for p in back.get("points").split()]
    named = {words.text: float(words.get("x")) for words in root.iter(f"{SPACE}text")}
    assert ends[0][0] == named["1000 logits"]
    assert abs(ends[-1][0] - named["A: 14 × 14 places, 512 channels"]) < 40
    assert ends[-1][0] > named["convolutions"] + 59  # right of their box


def test_both_orders_of_the_sum_begin_at_the_channels_and_end_at_the_logit() -> None:
    root = ET.fromstring(plotting.cam.two_orders())
    lines = [
        [tuple(map(float, p.split(","))) for p in line.get("points").split()]
        for line in root.iter(f"{SPACE}polyline")
    ]
    named = {words.text: float(words.get("x")) for words in root.iter(f"{SPACE}text")}
    begins = {points[1] for points in lines if len(points) == 4} | {
        points[0] for points in lines if len(points) == 3 and points[0][0] < 500
    }
    assert len(begins) == 1  # where the way parts, right of the channels
    assert begins.pop()[0] > named["1280 channels"]
    ends = [points[-1] for points in lines if points[-1][0] == named["logit Sc"]]
    assert len(ends) == 2
    assert ends[0][1] < ends[1][1]


@each
def test_a_drawing_is_shown_with_words_for_those_who_cannot_see_it(
    draw: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr(pictures, "display", lambda data, **how: shown.append((data, how)))
    plotting.show(draw(), "a drawing")
    [(data, how)] = shown
    assert data["image/svg+xml"] == draw()
    assert how == {"metadata": {"image/svg+xml": {"alt": "a drawing"}}, "raw": True}
    # A file that is not trusted shows its Markdown; a picture in it is a whole one.
    alt, source = re.fullmatch(
        r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", data["text/markdown"]
    ).groups()
    assert alt == "a drawing"
    assert base64.b64decode(source).decode() == draw()
    with pytest.raises(ValueError, match="say in alt what the picture shows"):
        plotting.show(draw(), " ")


@pytest.mark.parametrize("order", ["ABC", "BCA", "CAB"])
def test_the_lattice_says_what_each_adds_and_marks_one_order(order: str) -> None:
    texts = list(ET.fromstring(plotting.shapley.lattice(REWARDS, order)).iter(f"{SPACE}text"))
    gains = [(words.text, words.get("fill")) for words in texts if re.search(r" [+-]", words.text)]
    rows = marginal_contributions(table_game(REWARDS), list(permutations(range(3))))
    added = {(p, int(row[i])) for row in rows for i, p in enumerate("ABC")}
    assert len(gains) == 12
    assert {(words[0], int(words[1:])) for words, _ in gains} == added
    [row] = marginal_contributions(table_game(REWARDS), [["ABC".index(p) for p in order]])
    green = {words for words, fill in gains if fill == "#2e7d32"}
    assert green == {f"{p} {gain:+g}" for p, gain in zip("ABC", row, strict=True)}


def test_a_lattice_that_cannot_be_drawn_says_why() -> None:
    with pytest.raises(ValueError, match=r"rewards need the coalitions .*'ABC'.* not \['', 'A'\]"):
        plotting.shapley.lattice({"": 0, "A": 1})
    with pytest.raises(ValueError, match="order='AAB' must name A, B and C once each"):
        plotting.shapley.lattice(REWARDS, "AAB")
    for reward in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="the reward of 'AB' are not finite"):
            plotting.shapley.lattice(REWARDS | {"AB": reward})
    for reward in ("4", None):
        with pytest.raises(TypeError, match="the reward of 'A' must be a number"):
            plotting.shapley.lattice(REWARDS | {"A": reward})


def test_the_weights_of_the_drawing_are_the_kernel_at_the_masks() -> None:
    for shown, _, weight in plotting.lime._SAMPLES:
        assert weight == pytest.approx(kernel(cosine_distance([shown])[0], IMAGE_SIGMA), abs=5e-3)


def test_the_median_and_the_ends_of_the_interval_are_those_of_the_differences() -> None:
    """Eight differences: the interval goes from the smallest to the largest, and zero is below."""
    root = ET.fromstring(plotting.comparison.one_difference())
    dots = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter(f"{SPACE}circle")]
    lines = [[float(x.get(k)) for k in ("x1", "y1", "x2", "y2")] for x in root.iter(f"{SPACE}line")]
    columns = {x: sorted(y for at, y in dots if at == x) for x, _ in dots}
    one, other, apart, [middle] = columns.values()
    assert len(one) == len(other) == len(apart) == 8
    assert [sum(x1 == x2 for x1, _, x2, _ in lines), len(lines)] == [1, 10]
    [bar] = [line for line in lines if line[0] == line[2]]
    assert sorted([bar[1], bar[3]]) == [apart[0], apart[-1]]
    assert middle == pytest.approx((apart[3] + apart[4]) / 2)
    [zero] = {y1 for x1, y1, x2, y2 in lines if y1 == y2 and x1 != x2 and x1 > 300}
    assert zero > apart[-1]  # all eight are above zero: further down is less
    scores = sorted(y1 - y2 for x1, y1, x2, y2 in lines if x1 == 100)  # A is higher up: better
    heights = sorted(zero - y for y in apart)
    assert np.corrcoef(sorted(-s for s in scores), heights)[0, 1] > 0.99


def test_the_game_of_the_drawing_is_played_right() -> None:
    """Its numbers are those of the value function itself, for the model that it says."""
    drawn = [
        words.text for words in ET.fromstring(shap_in_practice.hybrid_rows()).iter(f"{SPACE}text")
    ]
    value = interventional(
        lambda X: X[:, 0] * X[:, 1] + X[:, 2] + X[:, 3],
        shap_in_practice.EXAMPLE,
        shap_in_practice.USUAL,
    )
    [v] = value([shap_in_practice.PRESENT])
    assert f"v(S) = {v:g}" in drawn
    present = [place + 1 for place, there in enumerate(shap_in_practice.PRESENT) if there]
    assert f"the coalition: features {' and '.join(map(str, present))}" in drawn
