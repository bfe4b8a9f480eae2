"""Lines are told apart, named, and show their values."""

import itertools

import numpy as np
import pytest

from lessons_lib import plotting
from lessons_lib.plotting import style


def test_each_panel_shows_its_own_lines_and_the_same_name_looks_the_same() -> None:
    a, b = ([1, 10], [3, 4], "(noted)"), ([1, 10], [5, 2])
    left, right = plotting.curves({"one": {"a": a, "b": b}, "two": {"b": b}}, "x", "y").axes
    assert [list(line.get_ydata()) for line in left.lines] == [[3, 4], [5, 2]]
    assert (left.get_title(), right.get_title()) == ("one", "two")
    looks = [(x.lines[i].get_color(), x.lines[i].get_marker()) for x, i in ((left, 1), (right, 0))]
    assert looks[0] == looks[1]
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["a (noted)", "b"]
    assert (left.get_xlabel(), left.get_ylabel()) == ("x", "y")


def test_no_two_of_twenty_five_lines_look_alike() -> None:
    lines = {str(i): ([1, 2], [i, i]) for i in range(25)}
    drawn = plotting.curves({"": lines}, "x", "y").axes[0].lines
    looks = {(one.get_color(), one.get_marker(), one.get_linestyle()) for one in drawn}
    assert len(looks) == 25
    for one, other in itertools.pairwise(drawn):  # neighbours differ in their colour alone
        assert one.get_color() != other.get_color()
    with pytest.raises(ValueError, match="26 lines to tell apart"):
        plotting.curves({"": {**lines, "more": ([1], [1])}}, "x", "y")
    with pytest.raises(ValueError, match="0 panels"):
        plotting.curves({}, "x", "y")


def test_lines_that_are_not_stressed_stay_grey_and_have_no_name() -> None:
    lines = {"a": ([1, 2], [1, 2]), "b": ([1, 2], [2, 1])}
    axis = plotting.curves({"": lines}, "x", "y", stressed=["b"]).axes[0]
    assert [line.get_color() for line in axis.lines] == [style.FAINT, style.COLOURS[0]]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["b"]


def test_logarithmic_axes_marks_and_lines_without_a_name() -> None:
    x = np.geomspace(1, 100, 50)
    axis = plotting.curves({"": {"": (x, x)}}, "x", "y", log="x", mark=2, level=3).axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "linear")
    assert axis.get_legend() is None
    assert [list(line.get_xdata()) for line in axis.lines[:1]] == [[2, 2]]
    assert [list(line.get_ydata()) for line in axis.lines[1:2]] == [[3, 3]]
    assert axis.lines[2].get_marker() == ""  # many points


def test_dots_have_no_line_between_them_however_many_they_are() -> None:
    x = np.arange(99.0)
    (line,) = plotting.curves({"": {"": (x, -x)}}, "x", "y", dots=True).axes[0].lines
    assert (line.get_marker(), line.get_linestyle()) == (style.MARKERS[0], "None")
