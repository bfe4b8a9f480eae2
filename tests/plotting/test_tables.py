"""The plots show the numbers: bars and dots are read back out of the figures."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from lessons_lib.basics.columns import label
from lessons_lib.plotting import AGAINST, FOR
from lessons_lib.plotting.tables import (
    beeswarm,
    dependence,
    ice,
    importance_bars,
    spread,
    waterfall,
    waterfalls,
)

NAMES = ["a", "b", "c", "d"]
PHI = np.array([1.0, -3.0, 0.5, 0.25])


def labels(axis) -> list[str]:
    return [label.get_text() for label in axis.get_yticklabels()]


def test_waterfall_goes_from_the_base_to_the_answer_without_a_gap() -> None:
    (axis,) = waterfall(PHI, 10, NAMES, [7, 8, 9, 10]).axes
    bars = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axis.patches]
    assert bars[-1][0] == 10
    assert bars[0][1] == pytest.approx(10 + PHI.sum())
    for above, below in itertools.pairwise(bars):
        assert above[0] == pytest.approx(below[1])
    assert labels(axis) == ["b = 8", "a = 7", "c = 9", "d = 10"]


def test_names_and_categories_of_a_dataframe_are_kept() -> None:
    values = pd.Series({"d": 1.25, "a": "B", "c": True, "b": 3})  # in another order
    (axis,) = waterfall(PHI, 0, NAMES, values).axes
    assert labels(axis) == ["b = 3", "a = B", "c = True", "d = 1.25"]
    table = pd.DataFrame({"b": ["x", "z", "y"], "a": [3.0, 1.0, 2.0]})
    axis = beeswarm(np.ones((3, 2)) * [2, 1], table, ["a", "b"]).axes[0]
    ranks = [dots.get_array().tolist() for dots in axis.collections]
    assert ranks == [[1, 0, 0.5], [0, 1, 0.5]]
    with pytest.raises(ValueError, match=r"lacks \['c'\]"):
        beeswarm(np.ones((3, 2)), table, ["a", "c"])


@pytest.mark.parametrize("names", [NAMES, [3, 0, 2, 1]])
def test_values_bring_their_names_along(names: list) -> None:
    phi, shown = pd.Series(PHI, names), [label(name) for name in names]
    assert labels(importance_bars(phi).axes[0]) == shown
    assert labels(waterfall(phi, 0).axes[0]) == [shown[1], shown[0], shown[2], shown[3]]
    values = pd.Series([1, 2, 3, 4], names).iloc[::-1]
    assert labels(waterfall(phi, 0, values=values).axes[0])[0] == f"{shown[1]} = 2"
    many = pd.DataFrame([PHI, -PHI], columns=names)
    assert labels(importance_bars(many, names).axes[0]) == [shown[1], shown[0], shown[2], shown[3]]
    if names == NAMES:
        assert labels(importance_bars(many).axes[0]) == labels(importance_bars(many, names).axes[0])
    X = pd.DataFrame([[1, 2, 3, 4], [4, 3, 2, 1]], columns=names)
    axis = beeswarm(many, X.iloc[:, ::-1], names).axes[0]
    assert [dots.get_array().tolist() for dots in axis.collections] == [[0, 1]] * 2 + [[1, 0]] * 2


def test_names_given_say_in_which_order_the_features_stand() -> None:
    axis = importance_bars(pd.Series(PHI, NAMES), ["d", "c", "b", "a"]).axes[0]
    assert labels(axis) == ["d", "c", "b", "a"]
    assert [patch.get_width() for patch in axis.patches] == list(PHI[::-1])
    with pytest.raises(ValueError, match=r"of phi are not those of the plot: it lacks \['x'\]"):
        importance_bars(pd.Series(PHI, NAMES), ["x", "b", "c", "d"])
    counted = importance_bars(pd.Series(PHI), NAMES).axes[0]  # nobody gave names
    assert labels(counted) == NAMES


def test_dependence_on_categories() -> None:
    x = pd.Series(["flat", "house", "flat"], name="kind")
    axis, colours = dependence([1, 2, 3], x, other=pd.Series([True, False, True], name="new")).axes
    assert axis.get_xlabel() == "kind"
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["flat", "house"]
    np.testing.assert_allclose(axis.collections[0].get_offsets(), [[0, 1], [1, 2], [0, 3]])
    assert [tick.get_text() for tick in colours.get_yticklabels()] == ["False", "True"]


def test_waterfall_puts_the_small_ones_together() -> None:
    (axis,) = waterfall(PHI, 0, NAMES, rows=2).axes
    assert labels(axis) == ["b", "a", "2 others"]
    assert axis.patches[-1].get_width() == pytest.approx(0.75)
    assert labels(waterfall(PHI, 0, NAMES, rows=3).axes[0]) == ["b", "a", "c", "d"]


def test_waterfalls_stand_on_one_scale_in_one_order() -> None:
    phi = np.array([PHI, [-1, 0.5, 0.25, 9.0], PHI])
    axes = waterfalls(phi, 10, NAMES, ["x", "y", "z"], rows=3).axes
    assert [axis.get_title() for axis in axes] == ["x", "y", "z"]
    assert labels(axes[0]) == ["d", "b", "a", "c"]  # a single other needs no more room
    assert len({axis.get_xlim() for axis in axes}) == 1
    for axis, row in zip(axes, phi, strict=True):
        bars = axis.patches
        widths = [bar.get_width() for bar in bars]
        assert widths == pytest.approx([row[3], row[1], row[0], row[2]])
        assert bars[-1].get_x() == 10
        assert bars[0].get_x() + widths[0] == pytest.approx(10 + row.sum())
        assert axis.get_xlabel() == f"to {10 + row.sum():.4g}"
        low, high = axis.get_xlim()
        assert all(low < b.get_x() < high and low < b.get_x() + b.get_width() < high for b in bars)
    axes = waterfalls(phi, 10, NAMES, rows=2).axes
    assert labels(axes[0]) == ["d", "b", "2 others"]
    assert axes[1].patches[2].get_width() == -0.75
    (axis,) = waterfalls(phi[:1], 10, NAMES, rows=4).axes  # no titles, nothing put together
    assert labels(axis) == ["b", "a", "c", "d"]


@pytest.mark.filterwarnings("error")
def test_an_input_of_which_nothing_is_known_has_a_waterfall_too() -> None:
    axes = waterfalls([PHI, 0 * PHI], 3, NAMES).axes
    assert [axis.get_xlabel() for axis in axes] == ["to 1.75", "to 3"]
    waterfalls(0 * PHI[None], 3, NAMES)
    waterfall(0 * PHI, 3, NAMES)


@pytest.mark.parametrize("titles", [np.array(["x", "2"]), pd.Index(["x", 2]), ("x", 2)])
def test_titles_come_in_any_list(titles) -> None:
    axes = waterfalls([PHI, PHI], 0, NAMES, titles).axes
    assert [axis.get_title() for axis in axes] == ["x", "2"]


def test_bar_of_one_keeps_signs_and_order_and_of_many_the_mean_size() -> None:
    (axis,) = importance_bars(PHI, NAMES).axes
    assert [patch.get_width() for patch in axis.patches] == list(PHI)
    assert labels(axis) == NAMES
    (axis,) = importance_bars([PHI, -PHI, PHI], NAMES).axes
    assert [patch.get_width() for patch in axis.patches] == [3, 1, 0.5, 0.25]
    assert labels(axis) == ["b", "a", "c", "d"]


def test_beeswarm_shows_every_dot_where_it_belongs() -> None:
    rng = np.random.default_rng(0)
    phi, X = rng.normal(size=(2, 30, 4)) * [1, 4, 2, 3]
    axis, _ = beeswarm(phi, X, NAMES, rows=3).axes
    assert labels(axis) == ["b", "d", "c"]
    for row, (dots, column) in enumerate(zip(axis.collections, [1, 3, 2], strict=True)):
        x, y = dots.get_offsets().T
        np.testing.assert_allclose(x, phi[:, column])
        assert np.abs(y - row).max() <= 0.4
        np.testing.assert_array_equal(np.argsort(dots.get_array()), np.argsort(X[:, column]))


def test_dependence_shows_every_dot() -> None:
    axis, _ = dependence([1, 2], [3, 4], "rooms", other=[5, 6], other_name="age").axes
    np.testing.assert_allclose(axis.collections[0].get_offsets(), [[3, 1], [4, 2]])
    np.testing.assert_allclose(axis.collections[0].get_array(), [5, 6])
    assert axis.get_xlabel() == "rooms"


def test_ice_draws_a_curve_for_each_and_its_own_value_in_the_colour_of_its_share() -> None:
    grid, answers = [0, 1, 3], [[0, 1, 3], [5, 5, 1]]
    (axis,) = ice(grid, answers, [2, 1], [0.5, -0.5], "a", "t").axes
    assert [line.get_ydata().tolist() for line in axis.lines] == answers
    (dots,) = axis.collections
    assert dots.get_offsets().tolist() == [[2, 2], [1, 5]]
    assert [to_hex(c) for c in dots.get_facecolors()] == [FOR, AGAINST]
    assert (axis.get_xlabel(), axis.get_title()) == ("a", "t")


def test_spread_keeps_equal_dots_apart() -> None:
    heights = spread(np.zeros(50), 1.0)
    assert len(set(heights.round(6))) == 50
    assert np.abs(heights).max() <= 0.4
    assert (spread(np.arange(5.0), 5.0) == 0).all()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: waterfall(PHI, 0, NAMES[:3]), r"3 names need an array of shape \(3,\)"),
        (lambda: waterfall(PHI, 0, NAMES, [1, 2]), r"not \(2,\)"),
        (lambda: waterfalls([PHI, PHI], 0, NAMES, ["x"]), "2 inputs need as many titles, not 1"),
        (lambda: waterfalls(PHI, 0, NAMES), r"of shape \(rows, 4\), not \(4,\)"),
        (lambda: importance_bars([1, np.nan], ["a", "b"]), "1 values of phi are not finite"),
        (lambda: waterfalls(np.empty((0, 4)), 0, NAMES), "there is no number in phi"),
        (lambda: waterfalls([PHI], np.nan, NAMES), "1 values of base are not finite"),
        (lambda: waterfall(PHI, np.inf, NAMES), "1 values of base are not finite"),
        (lambda: waterfall(PHI, 0, NAMES, [1, 2, np.nan, 4]), "1 values of c are not finite"),
        (lambda: waterfall(PHI, 0, NAMES, rows=0), "rows=0 must be 1 or more"),
        (lambda: waterfalls([PHI], 0, NAMES, rows=-1), "rows=-1 must be 1 or more"),
        (lambda: beeswarm([PHI], [PHI], NAMES, rows=0), "rows=0 must be 1 or more"),
        (lambda: beeswarm([PHI], [PHI * np.nan], NAMES), "4 values of X are not finite"),
        (lambda: ice([], np.empty((1, 0)), [1], [1]), "there is no number in grid"),
        (lambda: ice([0, 1], np.empty((0, 2)), [], []), "there is no number in answers"),
        (lambda: ice([0, 1], [[1, 2]], [0, 1], [1, 1]), r"but the shapes are .*\(1, 2\)"),
        (lambda: ice([0, 1], [[1, 2]], [2], [1]), "from 0 to 1, the values from 2 to 2"),
        (lambda: ice([1, 0], [[1, 2]], [0.5], [1]), "the grid must rise"),
        (lambda: importance_bars(PHI), "phi has no names of its own.*give names"),
        (
            lambda: importance_bars(pd.DataFrame(np.ones((2, 3)), list("ab"))),
            r"choose one: phi\[0\]",
        ),
        (lambda: beeswarm(PHI[None], np.zeros((2, 4)), NAMES), r"\(1, 4\), but X \(2, 4\)"),
        (lambda: dependence([1, 2], [1, 2, 3], "a"), "arrays of one length"),
    ],
)
def test_bad_input_is_named(draw, message) -> None:
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: waterfalls([PHI], "0", NAMES), "base must be a number, not '0'"),
        (lambda: waterfall(PHI, np.array([0.0]), NAMES), r"base must be a number, not array"),
        (lambda: waterfall(PHI, 0, NAMES, rows=1.5), "rows must be a whole number, not 1.5"),
        (lambda: waterfall(["a"] * 4, 0, NAMES), "phi must be numbers"),
        (lambda: ice(list("ab"), [[1, 2]], [0], [1]), "grid must be numbers"),
        (lambda: ice(pd.date_range("2020", periods=2), [[1, 2]], [0], [1]), "grid must be numbers"),
    ],
)
def test_what_is_no_number_is_a_type_error(draw, message) -> None:
    with pytest.raises(TypeError, match=message):
        draw()
