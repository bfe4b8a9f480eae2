"""What the tests of this room share: a network of a few patches, with a class token or without."""

import functools

import numpy as np

from lessons_lib.network.classifier import Classifier
from lessons_lib.transformers import with_folded_tokens
from tests.networks import transformer_net


def plain(token: bool = True, blocks: int = 2) -> Classifier:
    """One for all tests, so that it is compiled once."""
    return _plain(token, blocks)


def folded(token: bool = True, blocks: int = 2) -> Classifier:
    """Its twin with places."""
    return _folded(token, blocks)


# Cached by what is meant, however it is said.
_plain = functools.cache(lambda token, blocks: Classifier(transformer_net(token, blocks)))
_folded = functools.cache(lambda token, blocks: with_folded_tokens(_plain(token, blocks)))


def pictures(n: int = 3, size: tuple[int, int] = (8, 12)) -> np.ndarray:
    """Of the size that it sees: 2 x 3 patches."""
    return np.random.default_rng(1).uniform(0, 255, (n, *size, 3)).astype("float32")
