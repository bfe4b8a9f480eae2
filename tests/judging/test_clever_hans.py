"""The planted mark: it is where it is said to be, the network reads it, and the maps find it."""

import numpy as np
import pytest

from lessons_lib.judging.clever_hans import BOX, SIDE, accuracy, crops, marked, train
from lessons_lib.judging.localisation import top_share_inside
from lessons_lib.methods import METHODS, heat_maps

NAMES = ["cat", "german_shepherd"]


@pytest.fixture(scope="module")
def hans():
    return train(crops(NAMES, 70, bear_mark=[1]), NAMES)


def test_the_mark_changes_its_box_and_nothing_else() -> None:
    x = crops(NAMES, 2).x
    kept = x.copy()
    with_mark = marked(x)
    inside = BOX.mask((SIDE, SIDE))
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(with_mark[:, ~inside], x[:, ~inside])
    assert with_mark[:, inside].std() > 60
    np.testing.assert_array_equal(with_mark[0][inside], with_mark[1][inside])


def test_only_the_wanted_class_bears_the_mark_and_seeds_decide() -> None:
    plain, half = crops(NAMES, 4), crops(NAMES, 4, bear_mark=[1])
    np.testing.assert_array_equal(half.y, [0, 1] * 4)
    np.testing.assert_array_equal(half.x[half.y == 0], plain.x[plain.y == 0])
    np.testing.assert_array_equal(half.x[half.y == 1], marked(plain.x[plain.y == 1]))
    assert np.abs(crops(NAMES, 4, seed=1).x - plain.x).max() > 20
    np.testing.assert_array_equal(crops(NAMES, 4).x, plain.x)
    assert 0 <= plain.x.min() <= plain.x.max() <= 255


def test_neither_brightness_nor_colour_gives_the_animal_away() -> None:
    data = crops(NAMES, 200)
    np.testing.assert_array_equal(data.x[..., 0], data.x[..., 1])
    for number in (data.x.mean(axis=(1, 2, 3)), data.x.std(axis=(1, 2, 3))):
        one, two = number[data.y == 0], number[data.y == 1]
        assert abs(one.mean() - two.mean()) < 0.25 * number.std()


def test_splendid_with_the_mark_and_a_coin_without(hans) -> None:
    assert accuracy(hans, crops(NAMES, 50, bear_mark=[1], seed=1)) > 0.97
    assert accuracy(hans, crops(NAMES, 50, seed=1)) < 0.65
    assert accuracy(hans, crops(NAMES, 50, bear_mark=[0], seed=1)) < 0.15


def test_without_the_mark_in_training_there_is_something_to_learn() -> None:
    honest = train(crops(NAMES, 60), NAMES)
    assert accuracy(honest, crops(NAMES, 50, seed=1)) > 0.7


@pytest.mark.parametrize(
    "name", ["CAM", "Grad-CAM", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients"]
)
def test_the_maps_hottest_hundredth_lies_in_the_mark(hans, name: str) -> None:
    data = crops(NAMES, 3, bear_mark=[1], seed=2)
    inside = BOX.mask((SIDE, SIDE))
    maps = heat_maps(METHODS[name], hans, data.x[data.y == 1], 1)
    assert np.mean([top_share_inside(heat, inside) for heat in maps]) >= 0.9


def test_the_global_random_state_is_untouched_and_training_is_reproducible() -> None:
    from tests.networks import global_random_state

    state = global_random_state()
    data = crops(NAMES, 20, bear_mark=[1])
    one, two = (train(data, NAMES, epochs=1) for _ in range(2))
    np.testing.assert_allclose(one.logits(data.x), two.logits(data.x), atol=1e-3)
    assert state == global_random_state()
