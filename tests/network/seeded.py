"""Weights and pictures that are the same in every run, on every machine. Needs NumPy only."""

import zlib

import numpy as np


def array(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """An array of a network, drawn by its name, so that two of one shape cannot be swapped unseen.

    Large arrays keep activations at their size (He et al. 2015), but for the last, with 1000 rows,
    which brings the logits to the size that trained networks have. Scales and variances are
    positive.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) > 1:
        spread = np.sqrt(2 / np.prod(shape[1:])) * (0.025 if shape[0] == 1000 else 1)
        return rng.standard_normal(shape, np.float32) * np.float32(spread)
    if name.endswith(("gamma", "var", "weight")):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    return rng.normal(0, 0.1, shape).astype(np.float32)


def pictures(size: int) -> np.ndarray:
    """Two pictures (2, size, size, 3), RGB 0..255, of blocks of 8 x 8 pixels with some noise."""
    rng = np.random.default_rng(5)
    blocks = rng.uniform(0, 255, (2, 29, 29, 3)).repeat(8, axis=1).repeat(8, axis=2)
    noise = rng.normal(0, 20, (2, 232, 232, 3))
    return np.clip(blocks + noise, 0, 255)[:, :size, :size].astype(np.float32)
