"""Neighbourhoods: samples around a picture, a table's row or a text, for LIME (lesson 04).

References
----------
M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?": Explaining the Predictions of Any
Classifier*, KDD 2016 (arXiv:1602.04938), section 3.3.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lessons_lib.basics.checks import as_floats, finite, whole
from lessons_lib.lime._superpixels import Fill, check_segments, masked_scores
from lessons_lib.network import BATCH_SIZE

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.network.classifier import Classifier

Predict = Callable[[Any], ArrayLike]
"""A model from outside: many inputs in, scores of shape (n, classes) out, as scikit-learn's
``predict_proba`` does it. The shapes (n, 1) and (n,) are read as one score: a regression."""

# The lime library's widths, in the paper's kernel.
IMAGE_SIGMA = TEXT_SIGMA = 0.25 * np.sqrt(2)
TABLE_SIGMA = 0.75 * np.sqrt(2)  # times the square root of the number of columns


class Neighbourhood(NamedTuple):
    """Samples around an instance, and what the model says of them. Row 0 is the instance itself.

    Attributes
    ----------
    Z : ndarray of int or float, shape (n, M)
        The samples in the form that people can read, the paper's z': 1 where a word or superpixel
        is present and 0 where not; for a table, values in standard deviations from the mean.
    scores : ndarray, shape (n, classes)
        f(z): the model's answer to each sample.
    distance : ndarray, shape (n,)
        D(x, z), from the instance.
    names : tuple of str
        What each of the M features is.
    sigma : float
        A width for the kernel where the reader gives none: that of the `lime` library.
    """

    Z: NDArray[Any]
    scores: NDArray[np.floating]
    distance: NDArray[np.floating]
    names: tuple[str, ...]
    sigma: float


def sample_image(
    classifier: "Classifier",
    image: ArrayLike,
    segments: NDArray[np.integer],
    *,
    samples: int = 1000,
    seed: int = 0,
    fill: Fill = "mean",
    output: str = "probabilities",
    batch_size: int = BATCH_SIZE,
) -> Neighbourhood:
    """Pictures in which each superpixel is hidden with probability 1/2.

    Parameters
    ----------
    classifier
        The network.
    image : array, shape (height, width, 3)
        RGB pixels 0..255.
    segments : ndarray of int, shape of the network's input
        Superpixels 0 .. M - 1, from ``superpixels(classifier.prepare(image)[0])``.
    samples
        How many, the untouched picture included.
    seed
        Of the random numbers.
    fill
        What hidden superpixels are painted with (`lessons_lib.lime.background`).
    output
        ``"probabilities"``, as in the paper, or ``"logits"``.
    batch_size
        Pictures at a time.

    Returns
    -------
    Neighbourhood

    Raises
    ------
    TypeError, ValueError
        As `lessons_lib.lime.masked_scores`; or if there are fewer than 2 samples.
    """
    segments = check_segments(segments, classifier.input_size)
    M = int(segments.max()) + 1
    Z = np.random.default_rng(seed).integers(0, 2, (whole(samples, "samples", 2), M))
    Z[0] = 1
    scores = masked_scores(
        classifier, image, segments, Z, fill=fill, output=output, batch_size=batch_size
    )
    names = tuple(f"superpixel {j}" for j in range(M))
    return Neighbourhood(Z, scores, cosine_distance(Z), names, IMAGE_SIGMA)


def sample_table(
    predict: Predict,
    row: ArrayLike,
    data: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    samples: int = 5000,
    seed: int = 0,
) -> Neighbourhood:
    """Rows around a row: normal noise with each column's standard deviation.

    Z holds the rows in standard deviations from the column's mean, so a coefficient says what one
    standard deviation more does. Divided by ``data.std(axis=0)`` it says what one unit does. A
    column that is the same everywhere is left as it is and gets 0.

    Parameters
    ----------
    predict
        The model: rows (n, M) in, scores (n, classes) out.
    row : array, shape (M,)
        The instance.
    data : array, shape (rows, M)
        Where the means and deviations come from: the training data. Numbers only.
    names
        The columns' names; default: ``column 0``, ``column 1``, ...
    samples
        How many, the instance included.
    seed
        Of the random numbers.

    Returns
    -------
    Neighbourhood

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, all columns are constant, there are fewer than
        2 samples, or the scores are not as `Predict` says.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(100, 2)) * [1, 10]
    >>> found = sample_table(lambda rows: rows @ [3, 0.3], data[0], data, samples=50)
    >>> found.Z.shape, found.scores.shape, found.distance[0]
    ((50, 2), (50, 1), np.float64(0.0))
    """
    row, data = as_floats(row, "the row").astype(float), as_floats(data, "the data").astype(float)
    if data.ndim != 2 or not data.size or row.shape != data.shape[1:]:
        raise ValueError(
            f"expected data (rows, M) and a row (M,), but they have {data.shape} and {row.shape}"
        )
    if not (np.isfinite(row).all() and np.isfinite(data).all()):
        raise ValueError("the row or the data hold NaN or infinite values; fill or drop them")
    labels = [f"column {j}" for j in range(len(row))] if names is None else list(names)
    if len(labels) != len(row):
        raise ValueError(f"{len(labels)} names for {len(row)} columns")
    varies = np.ptp(data, axis=0) > 0
    if not varies.any():
        raise ValueError("every column of the data is constant: there is nothing to vary")
    scale = np.where(varies, data.std(axis=0), 0.0)
    noise = np.random.default_rng(seed).normal(size=(whole(samples, "samples", 2), len(row)))
    noise[0] = 0
    rows = row + noise * scale
    Z = (rows - data.mean(axis=0)) / np.where(varies, scale, 1.0)
    distance = np.linalg.norm(Z - Z[0], axis=1)
    sigma = TABLE_SIGMA * np.sqrt(len(row))
    return Neighbourhood(Z, _ask(predict, rows), distance, tuple(labels), sigma)


def sample_text(
    predict: Predict, text: str, *, samples: int = 1000, seed: int = 0
) -> Neighbourhood:
    r"""Texts from which some words are taken out, each wherever it stands.

    How many words go is drawn evenly from 1 to all of them, so that short and long rests are
    equally frequent; which ones go is drawn evenly too.

    Parameters
    ----------
    predict
        The model: list of n texts in, scores (n, classes) out.
    text
        The instance. Words are what ``\w+`` matches; upper and lower case are told apart.
    samples
        How many, the text itself included.
    seed
        Of the random numbers.

    Returns
    -------
    Neighbourhood

    Raises
    ------
    ValueError
        If the text has no word, there are fewer than 2 samples, or the scores are not as `Predict`
        says.

    Examples
    --------
    >>> ask = lambda texts: [["good" in t, "bad" in t] for t in texts]
    >>> found = sample_text(ask, "a good, good film", samples=200)
    >>> found.names
    ('a', 'good', 'film')
    >>> bool((found.scores[:, 0] == found.Z[:, 1]).all())
    True
    """
    if not isinstance(text, str):
        raise TypeError(f"the text must be a string, not {text!r}")
    pieces = re.split(r"(\w+)", text)  # separators at even, words at odd places
    words = tuple(dict.fromkeys(pieces[1::2]))
    if not words:
        raise ValueError(f"there is no word in the text {text!r}")
    rng = np.random.default_rng(seed)
    gone = rng.integers(1, len(words) + 1, whole(samples, "samples", 2))
    gone[0] = 0
    # The rank of each word in a random order; those that come first go.
    Z = (rng.random((samples, len(words))).argsort().argsort() >= gone[:, None]).astype(int)
    number = {word: j for j, word in enumerate(words)}
    ids = [number[word] for word in pieces[1::2]]
    texts = [_without(pieces, z[ids]) for z in Z]
    return Neighbourhood(Z, _ask(predict, texts), cosine_distance(Z), words, TEXT_SIGMA)


def cosine_distance(Z: ArrayLike) -> NDArray[np.float64]:
    r"""Distance of presence vectors from the vector of ones, 0..1.

    .. math:: D = 1 - \frac{z' \cdot 1}{\lVert z' \rVert \lVert 1 \rVert} = 1 - \sqrt{|z'| / M}

    Here :math:`|z'|` is the number of ones. An empty sample has the distance 1.

    Parameters
    ----------
    Z : array of 0 and 1, shape (n, M)

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> cosine_distance([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]])
    array([0. , 0.5, 1. ])
    """
    present = finite(Z, "Z", "(n, M)")
    if not np.isin(present, (0, 1)).all():
        raise ValueError("Z must hold 0 and 1 only: absent and present")
    return 1 - np.sqrt(np.mean(present, axis=1, dtype=float))


def _ask(predict: Predict, inputs: Sequence[Any] | NDArray[np.floating]) -> NDArray[np.float64]:
    scores = as_floats(predict(inputs), "the model's scores").astype(float)
    if scores.shape == (len(inputs),):
        scores = scores[:, None]
    if scores.ndim != 2 or len(scores) != len(inputs) or scores.shape[1] == 0:
        raise ValueError(
            f"for {len(inputs)} inputs the model must give ({len(inputs)}, classes), such as "
            f"predict_proba does, but it gave {scores.shape}"
        )
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ValueError(f"{bad} of the model's {scores.size} scores are NaN or infinite")
    return scores


def _without(pieces: list[str], kept: NDArray[np.int_]) -> str:
    """Take words out of a text; what separated them stays."""
    words = [w if k else "" for w, k in zip(pieces[1::2], kept, strict=True)]
    return "".join(s + w for s, w in zip(pieces[::2], [*words, ""], strict=True))
