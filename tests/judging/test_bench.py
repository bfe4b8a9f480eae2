"""The loop over methods and measures, and the intervals."""

import matplotlib.figure
import numpy as np
import pytest

from lessons_lib import judging, plotting
from lessons_lib.judging.bench import Comparison, compare
from lessons_lib.judging.statistics import bootstrap
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


def test_the_bootstrap_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        found = bootstrap(rng.normal(3, 1, 40), confidence=0.9, resamples=400, seed=seed)
        covered += found.low <= 3 <= found.high
    assert covered / 300 == pytest.approx(0.9, abs=0.05)


def test_the_interval_narrows_with_the_number_of_pictures_and_is_reproducible() -> None:
    values = np.random.default_rng(1).normal(size=400)
    few, many = bootstrap(values[:25]), bootstrap(values)
    ratio = (few.high - few.low) / (many.high - many.low)
    assert ratio == pytest.approx(4, rel=0.35)  # the root of 400 / 25
    assert few == bootstrap(values[:25])
    assert few.low <= few.mean <= few.high


def test_a_paired_difference_is_seen_where_the_intervals_overlap() -> None:
    """One method is a little better on each of very different pictures."""
    base = np.random.default_rng(2).normal(size=30)
    found = Comparison(("a", "b"), ("m",), np.stack([[base + 0.1], [base]]))
    one, two = found.interval("a", "m"), found.interval("b", "m")
    assert one.low < two.high
    difference = found.difference("a", "b", "m")
    assert difference.low > 0
    assert difference.mean == pytest.approx(0.1)


def test_the_table_names_all_and_lines_up() -> None:
    found = Comparison(("a", "longer"), ("m", "n"), np.arange(12.0).reshape(2, 2, 3))
    lines = str(found).splitlines()
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    assert "10.00 (9.00..11.00)" in lines[2]


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([], {}, "finite scores"),
        ([np.nan], {}, "finite scores"),
        ([[1.0]], {}, "finite scores"),
        ([1.0], {"confidence": 95}, "outside 0..1"),
    ],
)
def test_bad_scores_are_named(values, options, message) -> None:
    with pytest.raises(ValueError, match=message):
        bootstrap(values, **options)


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


def test_ranks_know_which_way_is_better_and_share_ties() -> None:
    np.testing.assert_allclose(
        plotting.comparison.rank_lines(FOUND, LESS), [[1.5, 3], [3, 1], [1.5, 2]]
    )


def test_figures_name_methods_and_measures() -> None:
    for figure in (
        plotting.comparison.intervals(FOUND, LESS),
        plotting.comparison.parallel(FOUND, LESS, ["b"]),
    ):
        assert isinstance(figure, matplotlib.figure.Figure)
        figure.draw_without_rendering()
        texts = {t.get_text() for t in figure.findobj(matplotlib.text.Text)}
        for name in ("a", "b", "c", "more", "less"):
            assert any(text.startswith(name) for text in texts), (name, texts)


def test_the_best_mean_is_drawn_filled() -> None:
    axes = plotting.comparison.intervals(FOUND, LESS).axes
    filled = [line for line in axes[1].lines if line.get_markerfacecolor() != "white"]
    assert filled[0].get_ydata().tolist() == [1]


def test_unknown_methods_cannot_be_stressed() -> None:
    with pytest.raises(ValueError, match=r"of \['a', 'b', 'c'\], not \['z'\]"):
        plotting.comparison.parallel(FOUND, LESS, ["z"])


def test_measures_of_any_size_of_map() -> None:
    found = compare(
        CONTROLS, {"size": lambda heat, i: heat.size}, classifier(gap_net()), pictures(1)
    )
    assert found.scores.max() == SIZE * SIZE
    assert judging.Interval._fields == ("mean", "low", "high")
