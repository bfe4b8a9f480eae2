"""The course's own transformer, and the exercises of lesson 12."""

import numpy as np
import pytest
import tensorflow as tf

from lessons_lib import digits, exercises, maps, transformers
from lessons_lib.images import resize
from lessons_lib.judging import localisation
from lessons_lib.network import weights
from lessons_lib.transformers import relevance, rollout
from tests.networks import transformer


def test_the_network_is_as_good_as_its_entry_says() -> None:
    """On pictures of digits it was not fitted on; within the same bound as of 1,000."""
    entry = weights.manifest()["digit_transformer.safetensors"]
    assert entry["held_out"]["one_digit"] >= 0.95
    made = digits.pictures(500, seed=11)
    found = (transformer().logits(made.x).argmax(axis=1) == made.labels[:, 0]).mean()
    assert abs(found - entry["held_out"]["one_digit"]) < 0.02
    fitted = digits.pictures(500, held_out=False, seed=11)
    assert (transformer().logits(fitted.x).argmax(axis=1) == fitted.labels[:, 0]).mean() > 0.95


def test_its_file_is_small_and_its_readme_says_what_was_measured() -> None:
    path = weights.FOLDER / "digit_transformer.safetensors"
    assert path.stat().st_size <= 2 * 2**20
    held_out = weights.manifest()[path.name]["held_out"]
    text = (weights.FOLDER / "README.md").read_text(encoding="utf-8")
    for share in held_out.values():
        assert f"{100 * share:.1f} %" in text


def share_on_the_asked(method, made: digits.Pictures) -> np.ndarray:
    """Of the heat on the two digits, the share on the one that was asked for; each is asked."""
    shares = []
    for k in (0, 1):
        heats = method(transformer(), made.x, made.labels[:, k])
        for heat, inside in zip(heats, made.inside, strict=True):
            large = np.maximum(resize(heat, inside.shape[1:]), 0)
            both = [large[one].mean() for one in inside]
            shares.append(both[k] / sum(both) if sum(both) else 0.5)
    return np.array(shares)


def test_maps_of_two_digits_lie_on_the_one_that_is_asked_for() -> None:
    """Relevance and LayerCAM find it; what knows no class gives one half, in the mean exactly."""
    made = digits.pictures(30, digits=2, seed=12)
    for method in (relevance, maps.layer_cam):
        shares = share_on_the_asked(method, made)
        assert shares.mean() - 0.5 > 3 * shares.std() / np.sqrt(len(shares)), method
    for blind in (transformers.attention_map, rollout):
        shares = share_on_the_asked(lambda c, x, k, blind=blind: blind(c, x), made)
        assert abs(shares.mean() - 0.5) < 1e-6


def test_maps_of_one_digit_lie_on_it() -> None:
    made = digits.pictures(16, seed=13)
    for method in (relevance, lambda c, x, k: rollout(c, x)):
        heats = method(transformer(), made.x, made.labels[:, 0])
        pairs = [(resize(h, (56, 56)), i[0]) for h, i in zip(heats, made.inside, strict=True)]
        found = np.mean([localisation.energy_inside(h, i) for h, i in pairs])
        even = made.inside.mean()
        assert found > 1.5 * even, (method, found, even)


# Exercises


@pytest.mark.parametrize(
    ("number", "right", "wrong"),
    [
        (
            "12.1",
            [0.375, 0.425, 0.2],
            {
                "attentions alone": [0, 0.9, 0.1],
                "rows of R sum to 1": [1.5, 1.7, 0.8],
                "turned round": [0.465, 0.28, 0.255],
                "last block alone": [0.75, 0, 0.25],
                "first block alone": [0.5, 0.4, 0.1],
                "second block's own": [0.5, 0, 0.5],
                "first block's own": [0, 0.8, 0.2],
                "not averaged": [0.625, 0.2, 0.175],
                "not one for both": [0.5, 0.45, 0.05],
                "give the whole row": [0.425, 0.2],
                "three numbers": [1, 2, 3, 4],
                "Write down both": [0.3, 0.3, 0.4],
                "could not be read": "a row",
            },
        ),
        (
            "12.2",
            lambda A, g: np.maximum(g * A, 0).mean(axis=0),
            {
                "ReLU comes first": lambda A, g: np.maximum((g * A).mean(axis=0), 0),
                "no ReLU": lambda A, g: (g * A).mean(axis=0),
                "sum over the heads": lambda A, g: np.maximum(g * A, 0).sum(axis=0),
                "becomes 0": lambda A, g: np.abs(g * A).mean(axis=0),
                "gradient alone": lambda A, g: np.maximum(g, 0).mean(axis=0),
                "attention alone": lambda A, g: A.mean(axis=0),
                "mean last": lambda A, g: np.maximum(A.mean(0) * g.mean(0), 0),
                "largest head": lambda A, g: np.maximum(g * A, 0).max(axis=0),
                "identity is added later": lambda A, g: (
                    np.maximum(g * A, 0).mean(axis=0) + np.eye(A.shape[-1])
                ),
                "changed places": lambda A, g: np.maximum(g * A, 0).mean(axis=0).T,
                "one matrix": lambda A, g: np.maximum(g * A, 0),
                "give (4, 4)": lambda A, g: np.maximum(g * A, 0).mean(),
                "needs a return": lambda A, g: None,
                "Entry by entry": lambda A, g: np.maximum(g * A, 0).sum(axis=0) / 4,
                "could not be read": lambda A: A,
            },
        ),
        (
            "12.3",
            {"B", "C"},
            {
                "One more": ["B"],
                "same map": ["B", "C", "E"],
                "chance alone": {"A", "B", "C"},
                "distance from one half": ["C"],
                "from A to E": "B, F",
                "could not be read": 3,
            },
        ),
    ],
)
def test_exercises(number: str, right: object, wrong: dict) -> None:
    assert exercises.judge(number, right).passed
    for hint, answer in wrong.items():
        feedback = exercises.judge(number, answer)
        assert not feedback.passed, answer
        assert hint in feedback.message, (hint, feedback)


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("12.1", (0.375, 0.425, 0.2)),
        ("12.1", [[0.375, 0.425, 0.2]]),
        ("12.1", np.array([37.5, 42.5, 20])),
        ("12.1", np.array([0.375, 0.425, 0.2], "float16")),
        ("12.1", tf.constant([0.375, 0.425, 0.2])),
        ("12.1", [[0.375, 0.425, 0.2], [0.05, 0.84, 0.11], [0.25, 0.45, 0.3]]),
        (
            "12.2",
            lambda A, g: np.mean([np.maximum(a * b, 0) for a, b in zip(A, g, strict=True)], axis=0),
        ),
        ("12.2", lambda A, g: (A * np.maximum(g, 0)).mean(0)),
        ("12.2", lambda A, g: tf.reduce_mean(tf.nn.relu(A * g), axis=0)),
        ("12.2", lambda A, g: np.maximum(g * A, 0).mean(axis=0).astype("float16")),
        ("12.2", lambda A, g: np.maximum(g * A, 0).mean(axis=0).tolist()),
        ("12.3", ["c", "b"]),
        ("12.3", ("B", "C")),
        ("12.3", "B, C"),
        ("12.3", "b and c"),
        ("12.3", {"A": False, "B": True, "C": True, "D": False, "E": False}),
        ("12.3", np.array(["B", "C"])),
    ],
)
def test_exercises_take_every_right_form(number: str, answer: object) -> None:
    assert exercises.judge(number, answer).passed, exercises.judge(number, answer)
