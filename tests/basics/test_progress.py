"""Bars are made only for loops that last."""

import types

import numpy as np
import pytest
import tensorflow as tf

from lessons_lib.basics import progress
from lessons_lib.basics.progress import bar
from lessons_lib.integrated_gradients import Path, along_path


@pytest.fixture
def made(monkeypatch) -> list:
    """The bars that were made, with their steps, instead of tqdm's."""
    bars = []

    class Fake:
        def __init__(self, **options: object) -> None:
            self.options, self.steps, self.closed = options, 0, False
            bars.append(self)

        def update(self, steps: int) -> None:
            self.steps += steps

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(progress, "tqdm", Fake)
    return bars


def test_a_short_loop_makes_none(made) -> None:
    assert list(bar(range(5), desc="short")) == list(range(5))
    assert made == []


def test_a_long_loop_makes_one_that_counts_all_steps_and_goes_away(made, monkeypatch) -> None:
    monkeypatch.setattr(progress, "DELAY", -1)
    assert list(bar([7, 8, 9], desc="long")) == [7, 8, 9]
    (one,) = made
    assert one.steps == 3
    assert one.closed
    assert one.options["total"] == 3
    assert one.options["desc"] == "long"


def test_a_single_step_makes_none_however_long_it_takes(made, monkeypatch) -> None:
    monkeypatch.setattr(progress, "DELAY", -1)
    assert list(bar(["slow"])) == ["slow"]
    assert made == []


def test_it_goes_away_when_the_loop_is_left(made, monkeypatch) -> None:
    monkeypatch.setattr(progress, "DELAY", -1)
    loop = iter(bar(range(9)))
    for item in loop:
        if item == 4:
            break
    loop.close()
    assert made[0].closed


def test_by_hand(made, monkeypatch) -> None:
    clock = iter([0.0, 1.0, 3.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    steps = bar(total=30, desc="rows")
    steps.update(10)
    assert made == []
    steps.update(5)
    steps.update(15)
    steps.close()
    assert made[0].steps == 30
    assert made[0].closed


def test_a_path_moves_the_bar_that_it_is_given() -> None:
    path = Path(
        [tf.function(f, autograph=False) for f in along_path(lambda z, _: z[:, 0])],
        np.ones(2, np.float32), np.zeros(2, np.float32), 0,
    )  # fmt: skip
    path.sums(np.array([0.5]), np.eye(1))  # none is needed
    moved: list[int] = []
    path.progress = types.SimpleNamespace(update=moved.append)
    path.sums(np.array([0.1, 0.5, 0.9]), np.ones((1, 3)))
    assert sum(moved) == 3
