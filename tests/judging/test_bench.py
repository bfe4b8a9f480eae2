"""The loop over methods and measures, and the drawing of what it found."""

import matplotlib.figure
import numpy as np
import pytest

from lessons_lib import plotting
from lessons_lib.judging.bench import Comparison, compare
from lessons_lib.judging.statistics import hits, median
from lessons_lib.methods import CONTROLS
from tests.networks import SIZE, classifier, gap_net, pictures


def test_each_map_is_scored_by_each_measure() -> None:
    def level(classifier, x, classes):
        return np.broadcast_to(classes[:, None, None], (len(x), 2, 2)).astype(float)

    seen = []
    measures = {"mean": lambda heat, i: heat.mean(), "number": lambda heat, i: seen.append(i) or i}
    net = classifier(gap_net())
    found = compare({"level": level, **CONTROLS}, measures, net, pictures(3), [2, 0, 1])
    assert found.methods == ("level", "random", "centre")
    np.testing.assert_allclose(found.scores[0], [[2, 0, 1], [0, 1, 2]])
    assert seen == [0, 1, 2] * 3


def test_a_paired_difference_is_seen_where_the_intervals_overlap() -> None:
    """One method is a little better on each of very different pictures."""
    base = np.random.default_rng(2).normal(size=30)
    found = Comparison(("a", "b"), ("m",), np.stack([[base + 0.1], [base]]))
    one, two = found.interval("a", "m"), found.interval("b", "m")
    assert one == median(base + 0.1)
    assert one.low < two.high
    difference = found.difference("a", "b", "m")
    assert difference.median.low > 0
    assert difference.mean == pytest.approx(0.1)
    assert found.difference("b", "a", "m").mean == -difference.mean


def test_hits_have_the_interval_of_hits() -> None:
    """For a measure of hits, whoever has them; a fraction in one method's scores makes a median."""
    scores = np.array([[[1, 1, 1, 0, 1, 1], [1, 1, 1, 0, 1, 1]], [[1.0] * 6, [0.5] * 6]])
    found = Comparison(("a", "b"), ("hit", "pointing"), scores)
    assert found.interval("a", "hit") == hits(scores[0, 0])
    assert found.interval("b", "hit").low == pytest.approx(0.025 ** (1 / 6))
    assert found.interval("a", "pointing") == median(scores[0, 1])


def test_the_table_names_all_and_lines_up() -> None:
    found = Comparison(("a", "longer"), ("m", "n"), np.arange(24.0).reshape(2, 2, 6))
    lines = str(found).splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    assert "20.50 (18.00..23.00)" in lines[2]


def test_nothing_to_compare_is_named() -> None:
    with pytest.raises(ValueError, match="at least one method"):
        compare({}, {"m": lambda h, i: 0}, classifier(gap_net()), pictures(1))
    with pytest.raises(ValueError, match="one picture"):
        compare(CONTROLS, {"m": lambda h, i: 0}, classifier(gap_net()), [])


# Drawings

FOUND = Comparison(
    ("a", "b", "c"),
    ("more", "less"),
    np.array([[[3, 3], [3, 3]], [[1, 1], [1, 1]], [[3, 3], [2, 2]]]),
)
LESS = {"more": False, "less": True}


def test_the_figure_names_methods_and_measures() -> None:
    figure = plotting.comparison.intervals(FOUND, LESS)
    figure.draw_without_rendering()
    texts = {t.get_text() for t in figure.findobj(matplotlib.text.Text)}
    for name in ("a", "b", "c", "more", "less"):
        assert any(text.startswith(name) for text in texts), (name, texts)


def test_of_fewer_than_six_pictures_no_interval_is_drawn() -> None:
    six = Comparison(FOUND.methods, FOUND.measures, np.repeat(FOUND.scores, 3, axis=2))
    for found, bars in ((FOUND, 0), (six, 3)):
        [drawn] = plotting.comparison.intervals(found, LESS).axes[0].collections
        assert len(drawn.get_segments()) == bars


def test_the_best_dot_is_drawn_filled() -> None:
    axes = plotting.comparison.intervals(FOUND, LESS).axes
    filled = [line for line in axes[1].lines if line.get_markerfacecolor() != "white"]
    assert filled[0].get_ydata().tolist() == [1]


def test_measures_of_any_size_of_map() -> None:
    found = compare(
        CONTROLS, {"size": lambda heat, i: heat.size}, classifier(gap_net()), pictures(1)
    )
    assert found.scores.max() == SIZE * SIZE
