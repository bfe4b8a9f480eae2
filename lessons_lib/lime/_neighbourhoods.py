"""Neighbourhoods: samples around a picture, a table's row or a text, for LIME (lesson 04).

References
----------
M. T. Ribeiro, S. Singh, C. Guestrin, *"Why Should I Trust You?": Explaining the Predictions of Any
Classifier*, KDD 2016 (arXiv:1602.04938), section 3.3.
"""

import re
import unicodedata
import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import truncnorm

from lessons_lib.baselines import Baseline
from lessons_lib.basics.checks import arrays, as_array, as_floats, check_segments, whole
from lessons_lib.basics.columns import Columns, in_order, key_of, label, names_of
from lessons_lib.lime._superpixels import coalition_scores
from lessons_lib.network import BATCH_SIZE
from lessons_lib.network.asking import Network

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.network.labels import Target
    from lessons_lib.network.scores import Score

AnyModel = Callable[[Any], ArrayLike]
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
    classifier: Network,
    image: ArrayLike,
    segments: NDArray[np.integer],
    *,
    samples: int = 1000,
    seed: int = 0,
    target: "Target | Score" = None,
    scores: str = "probability",
    baseline: Baseline = "mean",
    batch_size: int = BATCH_SIZE,
    sampler: str = "library",
) -> Neighbourhood:
    """Pictures in which some superpixels are hidden.

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
    target
        A class or a `Score`: then there is one column of scores, and `local_surrogate` explains it.
        Default: all classes.
    scores
        ``"probability"``, as in the paper, or ``"logit"``.
    baseline
        What hidden superpixels show, as for `Network.baseline`; ``"mean"`` is each superpixel's own
        mean colour: its texture goes, its colour stays.
    batch_size
        Pictures at a time.
    sampler
        ``"library"``: each superpixel is hidden with probability 1/2, as the `lime` library does
        it; nearly all samples then keep about half. ``"paper"``: how many are kept is drawn evenly
        from none to all, and which ones evenly too (section 3.3).

    Returns
    -------
    Neighbourhood

    Raises
    ------
    TypeError, ValueError
        As `lessons_lib.lime.coalition_scores`; or if there are fewer than 2 samples, or no such
        sampler.
    """
    segments = check_segments(segments, classifier.input_size)
    M, rng = int(segments.max()) + 1, np.random.default_rng(seed)
    _check_sampler(sampler, ("library", "paper"))
    if sampler == "paper":
        Z = _kept(rng, rng.integers(0, M + 1, whole(samples, "samples", 2)), M)
    else:
        Z = rng.integers(0, 2, (whole(samples, "samples", 2), M))
    Z[0] = 1
    f = coalition_scores(
        classifier,
        image,
        segments,
        Z,
        target=target,
        scores=scores,
        baseline=baseline,
        batch_size=batch_size,
    )
    names = tuple(f"superpixel {j}" for j in range(M))
    return Neighbourhood(Z, f, cosine_distance(Z), names, IMAGE_SIGMA)


def sample_table(
    predict: AnyModel,
    row: ArrayLike,
    data: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    samples: int = 5000,
    seed: int = 0,
    categories: Sequence[Hashable] | None = None,
    sampler: str = "around",
) -> Neighbourhood:
    """Rows around a row of a table.

    Z holds numbers in standard deviations from the column's mean, so a coefficient says what one
    standard deviation more does. Divided by ``data.std(axis=0)`` it says what one unit does. A
    column that is the same everywhere is left as it is and gets 0.

    A category is drawn as often as it occurs in the data, as the `lime` library does it. Its Z is 1
    where it is the row's own and 0 elsewhere: the coefficient says what the row's category brings
    beyond the others.

    Parameters
    ----------
    predict
        The model: rows (n, M) in, scores (n, classes) out. It is given arrays; DataFrames, where it
        is a method of an estimator that was fitted with one, or the data hold text
        (`lessons_lib.basics.columns.Columns`).
    row : array or Series, shape (M,)
        The instance. A Series is matched by name.
    data : array or DataFrame, shape (rows, M)
        Where the means, deviations and frequencies come from: the training data.
    names
        The columns' names; default: the DataFrame's, or ``column 0``, ``column 1``, ...
    samples
        How many, the instance included.
    seed
        Of the random numbers.
    categories
        Columns of numbers that stand for categories, by name or by place. Those of a DataFrame that
        are text, categories or truth values count as well. Columns are drawn one by one: of several
        that stand for one category (one-hot), a sample may have two or none. Give the category as
        one column, and let ``predict`` split it.
    sampler
        How numbers are drawn; the paper does not say. ``"around"``: the row's own, and normal noise
        with the column's deviation (the `lime` library's ``discretize_continuous=False,
        sample_around_instance=True``). ``"mean"``: the same noise around the column's mean (the
        library's ``discretize_continuous=False``). ``"library"``: the library's default. A quartile
        of the column by its frequency, and in it a normal distribution with the mean and deviation
        of the data there, cut off at its ends; Z is 1 in the row's own quartile and else 0.
        ``"quartiles"``: our own, the same Z of values that the data hold, column by column.

    Returns
    -------
    Neighbourhood

    Raises
    ------
    TypeError
        If a column of numbers holds something else.
    ValueError
        If shapes or names do not fit, values are not finite, all columns are constant, there are
        fewer than 2 samples, no such sampler or column, or the scores are not as `AnyModel` says.

    Warns
    -----
    UserWarning
        If ``categories`` is not given, and a column holds a few whole numbers only, as codes of
        categories would be: 1.3 is then drawn for a code too. ``categories=[]`` says they are
        numbers. If the row has a category that the data do not: no sample shares it, and its
        coefficient rests on one answer. If ``predict`` gives labels, and its model has
        probabilities too.

    Examples
    --------
    >>> data = np.random.default_rng(0).normal(size=(100, 2)) * [1, 10]
    >>> found = sample_table(lambda rows: rows @ [3, 0.3], data[0], data, samples=50)
    >>> found.Z.shape, found.scores.shape, found.distance[0]
    ((50, 2), (50, 1), np.float64(0.0))
    """
    _check_sampler(sampler, ("around", "mean", "quartiles", "library"))
    shapes = np.shape(as_array(row, "the row")), np.shape(as_array(data, "the data"))
    named = len(shapes[0]) == 1 and len(shapes[1]) == 2  # a missing name says more than a shape
    row = in_order(row, names_of(data), "the row", "the data") if named else row
    if len(shapes[1]) != 2 or not all(shapes[1]) or shapes[0] != shapes[1][1:]:
        raise ValueError(
            f"expected data (rows, M) and a row (M,), but they have {shapes[1]} and {shapes[0]}; "
            "the first row of a DataFrame is data.iloc[0]"
        )
    columns = Columns(data, row, "the data", categories=categories, model=predict)
    row, data = columns.encoded(row), columns.encoded(data)
    if not (np.isfinite(row).all() and np.isfinite(data).all()):
        raise ValueError("the row or the data hold NaN or infinite values; fill or drop them")
    known = columns.names if names is None else names
    labels = [label(name) for name in known or range(len(row))]
    if len(labels) != len(row):
        raise ValueError(f"{len(labels)} names for {len(row)} columns")
    varies = np.ptp(data, axis=0) > 0
    if not varies.any():
        raise ValueError("every column of the data is constant: there is nothing to vary")
    category = np.array([level is not None for level in columns.levels])
    if categories is None:
        _warn_of_codes(data, labels, category)
    for j in np.flatnonzero(category & (data != row).all(axis=0)).tolist():
        warnings.warn(
            f"{labels[j]}: the row's own {_level(columns, row, j)} does not occur in the data, so "
            "that no sample has it, and its coefficient rests on the row's answer alone; add rows "
            "of this category, or leave the column out of what you read",
            stacklevel=2,
        )

    scale = np.where(varies, data.std(axis=0), 0.0)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(whole(samples, "samples", 2), len(row)))
    noise[0] = 0
    rows = (row if sampler == "around" else data.mean(axis=0)) + noise * scale
    drawn = category | (sampler in ("quartiles", "library"))
    for j in np.flatnonzero(drawn).tolist():
        rows[:, j] = rng.choice(data[:, j], samples)
        if sampler == "library" and varies[j] and not category[j]:
            rows[:, j] = _normal_in_its_quartile(rows[:, j], data[:, j], rng)
    rows[0] = row
    Z = (rows - data.mean(axis=0)) / np.where(varies, scale, 1.0)
    for j in np.flatnonzero(drawn).tolist():
        if category[j]:
            Z[:, j], labels[j] = rows[:, j] == row[j], f"{labels[j]} = {_level(columns, row, j)}"
        else:
            Z[:, j], labels[j] = _in_the_same_quartile(rows[:, j], data[:, j], labels[j])
    distance = np.linalg.norm(Z - Z[0], axis=1)
    sigma = TABLE_SIGMA * np.sqrt(len(row))
    scores = _ask(predict, columns.decoded(rows))
    return Neighbourhood(Z, scores, distance, tuple(labels), sigma)


def _level(columns: Columns, row: NDArray[np.float64], j: int) -> str:
    level = columns.levels[j]
    assert level is not None
    value = level[int(row[j])]
    if key_of(value) is None:
        return "missing"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _quartiles(
    data: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """The edges between a column's quartiles, and in which of them each value lies."""
    edges = np.unique(np.quantile(data, (0.25, 0.5, 0.75)))
    return edges, np.searchsorted(edges, values)  # up to an edge, and the edge with it


def _normal_in_its_quartile(
    drawn: NDArray[np.float64], data: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Other values for those that were drawn: normal as the data are in their quartile, cut off."""
    edges, quartile = _quartiles(data, drawn)
    ends = np.concatenate([[data.min()], edges, [data.max()]])
    among = _quartiles(data, data)[1]
    values = drawn.copy()
    for k in np.unique(quartile):
        inside = data[among == k]
        mean, deviation = inside.mean(), inside.std()
        if deviation > 0:
            low, high = (ends[k : k + 2] - mean) / deviation
            some = quartile == k
            values[some] = truncnorm.rvs(
                low, high, mean, deviation, size=int(some.sum()), random_state=rng
            )
    return values


def _in_the_same_quartile(
    drawn: NDArray[np.float64], data: NDArray[np.float64], name: str
) -> tuple[NDArray[np.bool_], str]:
    """Whether each lies in the quartile of the first, and the name of that quartile."""
    edges, quartile = _quartiles(data, drawn)
    k = int(quartile[0])
    low = f"{edges[k - 1]:.4g} < " if k else ""
    high = f" <= {edges[k]:.4g}" if k < len(edges) else ""
    return quartile == k, f"{low}{name}{high}"


def _warn_of_codes(
    data: NDArray[np.float64], labels: Sequence[str], category: NDArray[np.bool_]
) -> None:
    """Say so where a column looks like codes: 20 rows or more, of 10 whole numbers at most."""
    some = [
        name
        for name, column, known in zip(labels, data.T, category, strict=True)
        if not known and len(column) >= 20 and 2 <= len(np.unique(column)) <= 10
        and (column == np.round(column)).all()
    ]  # fmt: skip
    if some:
        warnings.warn(
            f"{', '.join(some)}: a few whole numbers only. If these are categories, name them in "
            "categories, so that they are drawn by their frequency; else say categories=[].",
            stacklevel=3,
        )


def _check_sampler(sampler: str, known: tuple[str, ...]) -> None:
    if sampler not in known:
        raise ValueError(f"sampler={sampler!r} is unknown; use one of {', '.join(known)}")


def _kept(rng: np.random.Generator, count: NDArray[np.int_], M: int) -> NDArray[np.int_]:
    """So many of M parts in each sample, drawn evenly."""
    return (rng.random((len(count), M)).argsort().argsort() < count[:, None]).astype(int)


def sample_text(
    predict: AnyModel,
    text: str,
    *,
    samples: int = 1000,
    seed: int = 0,
    tokenize: Callable[[str], Sequence[str]] | None = None,
    sampler: str = "library",
) -> Neighbourhood:
    r"""Texts from which some words are taken out, each wherever it stands.

    Parameters
    ----------
    predict
        The model: list of n texts in, scores (n, classes) out.
    text
        The instance. Upper and lower case are told apart.
    samples
        How many, the text itself included.
    seed
        Of the random numbers.
    tokenize
        From a text to its words, in their order and as they stand there; what lies between them
        stays. Default: `words_of`, for scripts that put spaces between words.
    sampler
        ``"library"``: how many words go is drawn evenly from 1 to all of them, as the `lime`
        library does it. ``"paper"``: how many stay is drawn evenly from none to all, so that the
        whole text may come again (section 3.3). Which ones is drawn evenly too.

    Returns
    -------
    Neighbourhood

    Raises
    ------
    ValueError
        If the text has no word, or is of a script without spaces and there is no ``tokenize``; if
        the words are not in the text in their order, there are fewer than 2 samples, no such
        sampler, or the scores are not as `AnyModel` says.

    Examples
    --------
    >>> ask = lambda texts: [["good" in t, "bad" in t] for t in texts]
    >>> found = sample_text(ask, "a good, good film", samples=200)
    >>> found.names
    ('a', 'good', 'film')
    >>> bool((found.scores[:, 0] == found.Z[:, 1]).all())
    True

    Japanese has no spaces. A package such as ``janome`` finds the words; here a list does it:

    >>> words = lambda text: re.findall("映画|とても|良い|は", text)
    >>> ask = lambda texts: [["良い" in t] for t in texts]
    >>> sample_text(ask, "映画はとても良い。", tokenize=words).names
    ('映画', 'は', 'とても', '良い')
    """
    if not isinstance(text, str):
        raise TypeError(f"the text must be a string, not {text!r}")
    _check_sampler(sampler, ("library", "paper"))
    pieces = _pieces(text, (words_of if tokenize is None else tokenize)(text))
    words = tuple(dict.fromkeys(pieces[1::2]))
    if not words:
        raise ValueError(f"there is no word in the text {text!r}")
    rng = np.random.default_rng(seed)
    if sampler == "paper":
        Z = _kept(rng, rng.integers(0, len(words) + 1, whole(samples, "samples", 2)), len(words))
    else:
        gone = rng.integers(1, len(words) + 1, whole(samples, "samples", 2))
        gone[0] = 0
        # The rank of each word in a random order; those that come first go.
        Z = (rng.random((samples, len(words))).argsort().argsort() >= gone[:, None]).astype(int)
    Z[0] = 1
    number = {word: j for j, word in enumerate(words)}
    ids = [number[word] for word in pieces[1::2]]
    texts = [_without(pieces, z[ids]) for z in Z]
    return Neighbourhood(Z, _ask(predict, texts), cosine_distance(Z), words, TEXT_SIGMA)


def words_of(text: str) -> list[str]:
    r"""The words of a text whose script puts spaces between them.

    Letters, digits and the underline, as ``\w+`` finds them; besides the marks that belong to a
    letter (an accent of its own, the vowels of Hindi), and the joiners between letters.

    Raises
    ------
    ValueError
        If the text holds letters of a script without spaces, such as Japanese, Chinese or Thai.

    Examples
    --------
    >>> words_of("Das Cafe\u0301 -- नहीं!") == ["Das", "Cafe\u0301", "नहीं"]
    True
    """
    found = re.search(f"[{_WITHOUT_SPACES}]", text)
    if found:
        raise ValueError(
            f"{found.group()!r} is of a script that puts no spaces between words, so that a whole "
            "sentence would be one word. Give tokenize, a function from the text to the list of "
            "its words. For Japanese: pip install janome; from janome.tokenizer import Tokenizer; "
            "tokenize=lambda text: list(Tokenizer().tokenize(text, wakati=True)). For Chinese: "
            "tokenize=jieba.lcut. For Thai: tokenize=pythainlp.word_tokenize. Without a package, "
            "tokenize=list takes each letter for a word; where spaces do part the words of this "
            "text, tokenize=str.split"
        )
    words: list[str] = []
    end = -1  # of the word that may still go on
    for k, letter in enumerate(text):
        joins = unicodedata.category(letter) in ("Mn", "Mc") or letter in _JOINERS
        if end == k and (joins or _is_word(letter)):
            words[-1] += letter
        elif _is_word(letter):
            words.append(letter)
        else:
            continue
        end = k + 1
    return words


_JOINERS = "\u200c\u200d"  # between letters of Persian, Hindi and others
# Thai, Lao, Tibetan, Burmese, Khmer, kana, Chinese characters, and the rarer ones of these.
_WITHOUT_SPACES = (
    "\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)


def _is_word(letter: str) -> bool:
    return letter == "_" or letter.isalnum()


def _pieces(text: str, words: Sequence[str]) -> list[str]:
    """What lies between the words, and the words, in turn; words of spaces only lie between."""
    pieces, end = [], 0
    if not isinstance(words, Iterable):
        raise TypeError(f"tokenize must give a list of words, not {words!r}")
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"tokenize must give strings, but one of its words is {word!r}")
        if not word.strip():
            continue
        start = text.find(word, end)
        if start < 0:
            raise ValueError(
                f"tokenize gave the word {word!r}, which is not in the text after {text[:end]!r}; "
                "it must give the words as they stand in the text, in their order"
            )
        pieces += [text[end:start], word]
        end = start + len(word)
    return [*pieces, text[end:]]


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
    (present,) = arrays("n M", Z=Z)
    if not np.isin(present, (0, 1)).all():
        raise ValueError("Z must hold 0 and 1 only: absent and present")
    return 1 - np.sqrt(np.mean(present, axis=1, dtype=float))


def _ask(predict: AnyModel, inputs: Sequence[Any] | NDArray[np.floating]) -> NDArray[np.float64]:
    owner = getattr(predict, "__self__", None)
    better = [n for n in ("predict_proba", "decision_function") if hasattr(owner, n)]
    if getattr(predict, "__name__", "") == "predict" and better:
        warnings.warn(
            f"predict of {type(owner).__name__} gives labels, not how sure it is of them; give "
            f"its {better[0]}",
            stacklevel=3,
        )
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
