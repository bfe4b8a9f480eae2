"""Pictures of digits whose place is known."""

import numpy as np
import pytest

from lessons_lib import digits
from tests.networks import global_random_state


def test_the_two_parts_share_no_digit_and_make_up_all() -> None:
    (ours, labels), (theirs, _) = (digits.handwriting(part) for part in (False, True))
    assert len(ours) + len(theirs) == 1797
    assert len(theirs) == digits.HELD_OUT
    assert set(labels) == set(range(10))
    assert 0 == ours.min() < ours.max() == 1
    seen = {grey.tobytes() for grey in ours}
    assert sum(grey.tobytes() in seen for grey in theirs) == 0


@pytest.mark.parametrize("number", [0, 1, 2])
def test_ink_is_where_it_is_said_to_be(number: int) -> None:
    found = digits.pictures(20, digits=number, seed=3)
    assert found.x.shape == (20, 56, 56, 3)
    assert found.x.dtype == np.uint8
    assert found.inside.shape == (20, number, 56, 56)
    light = found.x.mean(axis=-1)
    for picture, labels, inside in zip(light, found.labels, found.inside, strict=True):
        assert len(set(labels)) == number
        assert not inside.all(axis=0).any() or number < 2  # two digits share no pixel
        for ink in inside:
            assert 40 < ink.sum() < 500
            assert np.percentile(picture[ink], 10) > np.percentile(picture, 50)  # chalk is light


def test_the_same_seed_gives_the_same_pictures_and_nothing_else_changes() -> None:
    state = global_random_state()
    one, two, other = (digits.pictures(4, seed=seed).x for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
    assert (one != digits.pictures(4, held_out=False, seed=5).x).any()
    assert global_random_state() == state


def test_a_stamp_is_the_digit_enlarged_and_upright() -> None:
    grey = np.zeros((8, 8), np.float32)
    grey[:, 5] = 1  # a stroke at the right
    grey[7, 1:6] = 1  # on a foot that goes to the left
    ink = digits._stamp(grey, np.random.default_rng(0))
    height, width = ink.shape
    assert 22 <= height <= 34
    assert ink[: height // 2, : width // 3].max() < 0.5  # nothing at the upper left
    assert ink[-height // 4 :, : width // 3].max() > 0.9  # the foot


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n": 0}, "n=0 must be 1 or more"),
        ({"n": 2, "digits": 3}, "digits=3; a picture has room for 0, 1 or 2"),
        ({"n": 2, "digits": -1}, "digits=-1"),
    ],
)
def test_what_cannot_be_made_is_said(arguments: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        digits.pictures(**arguments)
    with pytest.raises(TypeError, match="n must be a whole number"):
        digits.pictures(2.5)
