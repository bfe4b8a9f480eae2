"""Answers to the exercises: wrong ones that must be refused, and right ones in every form.

Each module is named like the lesson's checkers, and has two tables. ``WRONG`` gives for each
exercise its wrong answers, each named by what it gets wrong; ``RIGHT`` the forms of the right one.
What exercises that ask for numbers or for decisions share is made here.
"""

from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pandas as pd
import tensorflow as tf


def forms_of_numbers(right: Any) -> dict[str, Any]:
    """Numbers, (n,) or (rows, columns), in each form they may come in."""
    numbers = np.asarray(right, float)
    forms = {
        "list": numbers.tolist(),
        "tuple": tuple(map(tuple, numbers)) if numbers.ndim == 2 else tuple(numbers),
        "array": numbers,
        "float16": numbers.astype(np.float16),
        "bfloat16": numbers.astype(ml_dtypes.bfloat16),
        "float32": numbers.astype(np.float32),
        "tensor": tf.constant(numbers),
    }
    if numbers.ndim == 2:
        return forms | {"frame": pd.DataFrame(numbers)}
    return forms | {
        "series without names": pd.Series(numbers),
        "row": numbers[None].tolist(),
        "column": numbers[:, None],
    }


def forms_of_decisions(right: dict[str, str]) -> dict[str, Any]:
    """The decisions on sentences ("yes", "no" or "open") in each form they may come in."""
    words = list(right.values())
    return {
        "dict": right,
        "dict in another order": dict(reversed(right.items())),
        "large letters": {k.upper(): v.upper() for k, v in right.items()},
        "list": words,
        "tuple": tuple(words),
        "array": np.array(words),
        "series": pd.Series(right),
        "bytes of a tensor": tf.constant(words).numpy(),
        "tensor": tf.constant(words),
    }


def wrong_decisions(right: dict[str, str]) -> dict[str, Any]:
    """Every other choice of decisions, and answers that are no choice at all."""
    words = list(right.values())
    names = list(right)
    first, last = names[0], names[-1]
    other = "no" if words[0] == "yes" else "yes"
    truths = {"yes": True, "no": False, "open": None}
    return {
        " ".join(other): dict(zip(right, other, strict=True))
        for other in product(truths, repeat=len(right))
        if list(other) != words
    } | {
        "one too few": words[:-1],
        "one too many": [*words, words[-1]],
        "one left out": {k: v for k, v in right.items() if k != last},
        "another name": {("z" if k == last else k): v for k, v in right.items()},
        "another word": {k: ("perhaps" if k == last else v) for k, v in right.items()},
        "true and false": {k: truths[v] for k, v in right.items()},
        "one twice, by two spellings": {**right, first: other, first.upper(): words[0]},
        "one twice in a series": pd.Series([other, *words], [first, *right]),
        "pairs": list(right.items()),
        "lists in a list": [words],
        "numbers for names": dict(enumerate(words)),
        "two words": {k: f"{v} {v}" for k, v in right.items()},
        "a question mark": {k: f"{v}?" for k, v in right.items()},
        "the first letters": [word[0] for word in words],
        "one word": words[0],
        "nothing": {},
    }
