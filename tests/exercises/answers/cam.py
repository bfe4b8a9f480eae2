"""Answers to the exercises of lesson 01."""

from fractions import Fraction

import ml_dtypes
import numpy as np
import tensorflow as tf

from tests.exercises.answers import forms_of_decisions, forms_of_numbers, wrong_decisions

CAT, DOG = np.array([[2.0, 4, 0], [-2, 0, 2]]), np.array([[1.0, 5, 0], [2, 0, 4]])
MAP = CAT - DOG
DECISIONS = {"a": "yes", "b": "no", "c": "no", "d": "open"}


def maps(A, w, c):
    return np.einsum("nkxy,nk->nxy", A, w[c])


RIGHT = {
    "01.1": forms_of_numbers(MAP)
    | {
        "whole numbers": MAP.astype(int),
        "fractions": [[Fraction(int(x)) for x in row] for row in MAP],
        "batch of one": [MAP],
        # What the exercise asked for before: the map of one class.
        "before": [[2, 4], [-2, 0]],
    },
    "01.2": {
        "einsum": maps,
        "a product and a sum": lambda A, w, c: (A * w[c][:, :, None, None]).sum(axis=1),
        "a loop": lambda A, w, c: [np.tensordot(w[k], a, 1) for a, k in zip(A, c, strict=True)],
        "channels last": lambda A, w, c: (np.moveaxis(A, 1, -1) @ w[c][:, None, :, None])[..., 0],
        "all classes, then one": lambda A, w, c: np.einsum("nkxy,ck->ncxy", A, w)[range(len(c)), c],
        "flattened": lambda A, w, c: (w[c][:, None] @ A.reshape(*A.shape[:2], -1)).reshape(
            len(A), *A.shape[2:]
        ),
        "float16": lambda A, w, c: maps(A.astype(np.float16), w.astype(np.float16), c),
        "float16, a product": lambda A, w, c: (
            np.float16(A) * np.float16(w)[c][:, :, None, None]
        ).sum(axis=1),
        "bfloat16 at the end": lambda A, w, c: maps(A, w, c).astype(ml_dtypes.bfloat16),
        "float32": lambda A, w, c: maps(A.astype(np.float32), w.astype(np.float32), c),
        "tensor": lambda A, w, c: tf.einsum("nkxy,nk->nxy", A, tf.gather(w, c)),
        "list": lambda A, w, c: maps(A, w, c).tolist(),
        "tuple": lambda A, w, c: tuple(maps(A, w, c)),
    },
    "01.3": forms_of_decisions(DECISIONS),
}

WRONG = {
    "01.1": {
        "the cat alone": CAT,
        "the dog alone": DOG,
        "dog rather than cat": -MAP,
        "the sum of both": CAT + DOG,
        "ReLU of the difference": np.maximum(MAP, 0),
        "difference of the ReLUs": np.maximum(CAT, 0) - np.maximum(DOG, 0),
        "absolute values": np.abs(MAP),
        "with both biases": MAP + 2,
        "with the cat's bias": MAP + 1,
        "with the dog's bias": MAP - 1,
        "the difference of the biases off": MAP - 2,
        "divided by Z": MAP / 6,
        "divided by the channels": MAP / 2,
        "times Z": MAP * 6,
        "sign of channel 2": [[1, 3, 0], [0, 0, 2]],
        "channels exchanged": [[-2, -4, 0], [-4, 0, -2]],
        "only channel 2": [[0, -4, 0], [-4, 0, -4]],
        "weights added": [[3, 9, 0], [0, 0, 6]],
        "turned": MAP.T,
        "upside down": MAP[::-1],
        "left for right": MAP[:, ::-1],
        "in a row": MAP.ravel(),
        "scaled to 1": MAP / 4,
        "scaled from 0 to 1": (MAP + 4) / 5,
        "its mean": -1,
        "the difference of the scores": 1,
        "nearly": [MAP[0], MAP[1] + 0.1],
        "NaN": [MAP[0], [-4, 0, np.nan]],
        "infinite": np.full((2, 3), np.inf),
        "words": "dog",
        "before: cut off": [[2, 4], [0, 0]],
        "before: with the bias": [[3, 5], [-1, 1]],
        "before: divided": [[0.5, 1], [-0.5, 0]],
        "before: sign": [[2, 8], [2, 0]],
    },
    "01.2": {
        "as in the exercise": lambda A, w, c: np.einsum("nkxy,k->nxy", A, w[c[0]]),
        "the last class for all": lambda A, w, c: np.einsum("nkxy,k->nxy", A, w[c[-1]]),
        "class 2": lambda A, w, c: np.einsum("nkxy,k->nxy", A, w[2]),
        "class 4, 0, 2": lambda A, w, c: np.einsum("nkxy,nk->nxy", A, w[[4, 0, 2]]),
        "the picture's number for its class": lambda A, w, c: maps(A, w, np.arange(len(c))),
        "classes sorted": lambda A, w, c: maps(A, w, np.sort(c)),
        "classes in reverse": lambda A, w, c: maps(A, w, c[::-1]),
        "the next class": lambda A, w, c: maps(A, w, c - 1),
        "each class once": lambda A, w, c: maps(A, w, np.unique(c)),
        "all n classes": lambda A, w, c: np.einsum("nkxy,mk->nmxy", A, w[c]),
        "all n classes, last": lambda A, w, c: np.einsum("nkxy,mk->nxym", A, w[c]),
        "all classes": lambda A, w, c: np.einsum("nkxy,ck->ncxy", A, w),
        "the mean of the n classes": lambda A, w, c: np.einsum("nkxy,mk->nxy", A, w[c]) / len(c),
        "the sum of the n classes": lambda A, w, c: np.einsum("nkxy,mk->nxy", A, w[c]),
        "columns of w": lambda A, w, c: np.einsum("nkxy,kn->nxy", A, w[:, c]),
        "reshaped, not turned": lambda A, w, c: np.einsum(
            "nkxy,nk->nxy", A, w.reshape(w.shape[::-1])[:, c % 3].T
        ),
        "Keras's axes": lambda A, w, c: A @ w[:, c],
        "Keras's axes, one class": lambda A, w, c: A @ w[:, c[0]],
        "before: one picture": lambda f, w, c: f @ w[:, c],
        "ReLU": lambda A, w, c: np.maximum(maps(A, w, c), 0),
        "ReLU of A": lambda A, w, c: maps(np.maximum(A, 0), w, c),
        "ReLU of w": lambda A, w, c: maps(A, np.maximum(w, 0), c),
        "absolute": lambda A, w, c: np.abs(maps(A, w, c)),
        "minus": lambda A, w, c: -maps(A, w, c),
        "mean over the channels": lambda A, w, c: maps(A, w, c) / A.shape[1],
        "mean over 6 channels": lambda A, w, c: maps(A, w, c) / 6,
        "divided by Z": lambda A, w, c: maps(A, w, c) / A[0, 0].size,
        "divided by 8": lambda A, w, c: maps(A, w, c) / 8,
        "divided by n": lambda A, w, c: maps(A, w, c) / len(A) if len(A) > 1 else 0,
        "the mean of each channel": lambda A, w, c: np.einsum(
            "nk,nk->n", A.mean(axis=(2, 3)), w[c]
        ),
        "without the sum": lambda A, w, c: A * w[c][:, :, None, None],
        "without the weights": lambda A, w, c: A.sum(axis=1),
        "the largest channel": lambda A, w, c: (A * w[c][:, :, None, None]).max(axis=1),
        "channel c": lambda A, w, c: A[range(len(c)), c % A.shape[1]],
        "places turned": lambda A, w, c: maps(A, w, c).swapaxes(1, 2),
        "upside down": lambda A, w, c: maps(A, w, c)[:, ::-1],
        "left for right": lambda A, w, c: maps(A, w, c)[:, :, ::-1],
        "scaled to 1": lambda A, w, c: maps(A, w, c) / np.abs(maps(A, w, c)).max(),
        "mean taken off": lambda A, w, c: (
            maps(A, w, c) - maps(A, w, c).mean(axis=(1, 2), keepdims=True)
        ),
        "pictures in reverse": lambda A, w, c: maps(A, w, c)[::-1],
        "the first picture": lambda A, w, c: maps(A, w, c)[0],
        "the first picture for all": lambda A, w, c: np.repeat(maps(A, w, c)[:1], len(A), axis=0),
        "the first channel left out": lambda A, w, c: maps(A[:, 1:], w[:, 1:], c),
        "weights less their mean": lambda A, w, c: maps(A, w - w.mean(axis=0), c),
        "weights of length one": lambda A, w, c: maps(
            A, w / np.linalg.norm(w, axis=1, keepdims=True), c
        ),
        "half of the channels": lambda A, w, c: maps(A[:, ::2], w[:, ::2], c),
        "one map for each class asked": lambda A, w, c: np.stack(
            [w[k] @ A[list(c).index(k)].reshape(A.shape[1], -1) for k in c]
        ).reshape(len(c), *A.shape[2:]),
        "whole numbers": lambda A, w, c: maps(A, w, c).round(),
        "added up over the pictures": lambda A, w, c: np.cumsum(maps(A, w, c), axis=0),
        "height for width": lambda A, w, c: maps(A, w, c).reshape(len(A), *A.shape[:1:-1]),
        "the first picture, each class": lambda A, w, c: maps(A[[0] * len(c)], w, c),
        "squared": lambda A, w, c: maps(A, w**2, c),
        "no return": lambda A, w, c: None,
        "no function": np.zeros((3, 2, 4)),
    },
    "01.3": wrong_decisions(DECISIONS) | {"a map": MAP},  # of 7 x 7: in tests/test_cam.py
}
