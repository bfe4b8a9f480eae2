"""Neighbourhoods: the samples are what Z says, drawn as documented, and asked about once."""

import re
import warnings
from collections.abc import Callable

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

from lessons_lib.lime import (
    coalition_scores,
    cosine_distance,
    local_surrogate,
    sample_image,
    sample_table,
    sample_text,
)
from lessons_lib.network.classifier import Classifier

RNG = np.random.default_rng(0)
DATA = RNG.normal([1, -2, 0], [0.5, 3, 20], size=(400, 3))
TEXT = "The cat -- the CAT! -- sat; the cat sat: there."
WORDS = ("The", "cat", "the", "CAT", "sat", "there")


class Asked:
    """A model that remembers what it was asked."""

    def __init__(self) -> None:
        self.inputs: list = []

    def __call__(self, inputs: list) -> np.ndarray:
        self.inputs.append(inputs)
        return np.zeros((len(inputs), 2))


@pytest.fixture(scope="module")
def tiny() -> Classifier:
    keras.utils.set_random_seed(2)
    layers = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
    return Classifier(keras.Sequential(layers))


IMAGE = RNG.integers(0, 256, (8, 8, 3)).astype("float32")
SEGMENTS = np.arange(64).reshape(8, 8) // 16


def test_the_cosine_distance_is_scikit_learn_s(rng: np.random.Generator) -> None:
    Z = rng.integers(0, 2, (50, 6))
    Z[0], Z[1] = 1, 0  # all, and nothing
    expected = pairwise_distances(Z, Z[:1], metric="cosine").ravel()
    np.testing.assert_allclose(cosine_distance(Z), expected, atol=1e-12)


# Tables


def test_z_is_the_rows_in_standard_deviations() -> None:
    asked = Asked()
    found = sample_table(asked, DATA[7], DATA, samples=300)
    (rows,) = asked.inputs
    np.testing.assert_allclose(rows[0], DATA[7], rtol=1e-12)
    np.testing.assert_allclose(found.Z * DATA.std(axis=0) + DATA.mean(axis=0), rows, rtol=1e-9)
    expected = pairwise_distances(found.Z, found.Z[:1]).ravel()
    np.testing.assert_allclose(found.distance, expected, atol=1e-9)


def test_rows_are_drawn_around_the_row_with_the_data_s_deviation() -> None:
    asked = Asked()
    sample_table(asked, DATA[7], DATA, samples=20001)
    noise = (asked.inputs[0][1:] - DATA[7]) / DATA.std(axis=0)
    # Four standard errors of a mean, a deviation and a correlation of 20,000 normal numbers.
    assert np.abs(noise.mean(axis=0)).max() < 4 / np.sqrt(20000)
    assert np.abs(noise.std(axis=0) - 1).max() < 4 / np.sqrt(40000)
    assert np.abs(np.corrcoef(noise.T) - np.eye(3)).max() < 4 / np.sqrt(20000)


def test_the_unit_of_a_column_does_not_matter() -> None:
    expected = sample_table(Asked(), DATA[7], DATA, samples=20).Z
    found = sample_table(Asked(), DATA[7] / 1000, DATA / 1000, samples=20).Z
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_constant_column_is_left_as_it_is() -> None:
    data, asked = DATA.copy(), Asked()
    data[:, 1] = 5
    found = sample_table(asked, data[0], data, samples=20)
    assert (asked.inputs[0][:, 1] == 5).all()
    assert (found.Z[:, 1] == 0).all()


@pytest.mark.parametrize(
    ("row", "data", "names", "message"),
    [
        (DATA[0][:2], DATA, None, r"\(400, 3\) and \(2,\)"),
        (DATA[0], DATA[0], None, r"\(3,\) and \(3,\)"),
        ([np.nan, 0, 0], DATA, None, "NaN"),
        (DATA[0], np.where(DATA > 0, DATA, np.inf), None, "NaN or infinite"),
        (DATA[0], DATA, ["a"], "1 names for 3 columns"),
        (DATA[0], np.tile(DATA[0], (9, 1)), None, "every column .* constant"),
    ],
)
def test_bad_tables(row: object, data: object, names: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample_table(Asked(), row, data, names=names)


# Categories, names and samplers of tables

TOWNS = pd.DataFrame(
    {
        "size": RNG.normal(size=600),
        "town": RNG.choice(["A", "B", "C"], 600, p=[0.6, 0.3, 0.1]),
        "new": RNG.random(600) < 0.2,
    }
)


def price(rows: pd.DataFrame) -> np.ndarray:
    return (3 * rows["size"] + 10 * (rows["town"] == "B")).to_numpy()


def test_categories_are_drawn_by_frequency_and_shown_by_name() -> None:
    row = pd.Series({"town": "B", "new": False, "size": 0.5})  # in another order
    found = sample_table(price, row, TOWNS, samples=4001)
    assert found.names == ("size", "town = B", "new = False")
    for name, share in (("town = B", (TOWNS["town"] == "B").mean()), ("new = False", 0.8)):
        Z = found.Z[1:, found.names.index(name)]
        assert set(Z) == {0, 1}
        assert abs(Z.mean() - share) < 0.04  # four standard errors, and the table's own
    explained = local_surrogate(found)
    np.testing.assert_allclose(
        explained.coefficients, [3 * TOWNS["size"].std(ddof=0), 10, 0], atol=1e-8
    )
    assert explained.prediction == 11.5


def len_of_rows(rows: np.ndarray) -> np.ndarray:
    return np.zeros(len(rows))


def test_codes_in_an_array_are_categories_if_one_says_so(rng: np.random.Generator) -> None:
    data = np.column_stack([rng.integers(0, 3, 1000), rng.normal(size=1000)]).astype(float)
    worth = np.array([0.0, 10.0, 0.0])
    asked = lambda rows: worth[rows[:, 0].astype(int)] + rows[:, 1]  # noqa: E731
    with pytest.warns(UserWarning, match=r"column 0: a few whole numbers only.*categories=\[\]"):
        sample_table(len_of_rows, [1.0, 0.0], data)
    found = local_surrogate(sample_table(asked, [1.0, 0.0], data, categories=[0]))
    assert found.names == ("column 0 = 1", "column 1")
    assert found.coefficients[0] == pytest.approx(10, abs=1e-9)
    assert found.r_squared == pytest.approx(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_table(len_of_rows, [1.0, 0.0], data, categories=[])
        sample_table(len_of_rows, [1.0, 0.0], data[:19])  # too few rows to tell
    with pytest.warns(UserWarning, match="column 0: a few whole numbers only"):
        sample_table(len_of_rows, [1.0, 0.0], data[:20])


def test_a_category_that_the_data_do_not_have_is_said() -> None:
    row = pd.Series({"town": "Z", "new": False, "size": 0.5})
    with pytest.warns(UserWarning, match="town: the row's own Z does not occur in the data"):
        found = sample_table(price, row, TOWNS, samples=50)
    assert not found.Z[1:, found.names.index("town = Z")].any()


@pytest.mark.parametrize(
    ("model", "better"),
    [(LogisticRegression(), "predict_proba"), (LinearSVC(), "decision_function")],
)
def test_labels_in_place_of_scores_are_said(model: object, better: str) -> None:
    model.fit(DATA, DATA[:, 0] > DATA[:, 0].mean())
    with pytest.warns(UserWarning, match=rf"gives labels.*give its {better}"):
        sample_table(model.predict, DATA[0], DATA, samples=20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_table(getattr(model, better), DATA[0], DATA, samples=20)
        sample_table(LinearRegression().fit(DATA, DATA[:, 0]).predict, DATA[0], DATA, samples=20)


def test_a_pipeline_with_text_columns(recwarn) -> None:
    encode = ColumnTransformer([("text", OneHotEncoder(), ["town"])], remainder="passthrough")
    model = make_pipeline(encode, LinearRegression()).fit(TOWNS[["town", "size", "new"]],
                                                          price(TOWNS))  # fmt: skip
    in_b = int(np.flatnonzero(TOWNS["town"] == "B")[0])
    found = local_surrogate(sample_table(model.predict, TOWNS.iloc[in_b], TOWNS))
    assert found.prediction == pytest.approx(price(TOWNS)[in_b])
    np.testing.assert_allclose(
        found.coefficients, [3 * TOWNS["size"].std(ddof=0), 10, 0], atol=1e-8
    )
    assert not recwarn.list


def test_a_row_is_matched_by_name() -> None:
    table = pd.DataFrame(DATA, columns=["a", "b", "c"])
    model = lambda rows: 3 * rows[:, 0]  # noqa: E731
    found = sample_table(model, table.iloc[5][["c", "a", "b"]], table)
    assert found.names == ("a", "b", "c")
    assert found.scores[0, 0] == 3 * DATA[5, 0]
    with pytest.raises(ValueError, match=r"lacks \['c'\] and has besides \['d'\]"):
        sample_table(model, table.iloc[5].rename({"c": "d"}), table)


@pytest.mark.parametrize("names", [["c", "a", "b"], [0, 1, 2], [7, 3, 5]])
def test_no_order_of_columns_matters(names: list) -> None:
    table = pd.DataFrame(DATA, columns=names)
    model = lambda rows: rows @ [3.0, 0.5, -2.0]  # noqa: E731
    plain = sample_table(model, DATA[5], DATA, samples=50)
    found = sample_table(model, table.iloc[5, [1, 2, 0]], table, samples=50)
    np.testing.assert_allclose(found.Z, plain.Z, atol=1e-12)
    np.testing.assert_allclose(found.scores, plain.scores, atol=1e-9)
    assert found.names == tuple(str(n) if names[0] == "c" else f"column {n}" for n in names)
    with pytest.raises(ValueError, match=r"the row are not those of the data: it lacks \["):
        sample_table(model, table.iloc[5, 1:], table)
    with pytest.raises(ValueError, match=r"the row are not those of the data: it has besides \["):
        sample_table(model, table.iloc[5], table.iloc[:, 1:])


def test_noise_around_the_mean() -> None:
    asked = Asked()
    found = sample_table(asked, DATA[7], DATA, samples=20001, sampler="mean")
    rows = asked.inputs[0]
    np.testing.assert_allclose(rows[0], DATA[7])
    off = (rows[1:].mean(axis=0) - DATA.mean(axis=0)) / DATA.std(axis=0)
    assert np.abs(off).max() < 4 / np.sqrt(20000)
    np.testing.assert_allclose(found.Z * DATA.std(axis=0) + DATA.mean(axis=0), rows, rtol=1e-9)


def test_values_of_the_data_by_quartile() -> None:
    asked = Asked()
    row = np.array([1.0, 90.0, DATA[:, 2].min()])
    found = sample_table(asked, row, DATA, samples=8001, sampler="quartiles")
    rows, edges = asked.inputs[0], np.quantile(DATA, (0.25, 0.5, 0.75), axis=0)
    for j in range(3):
        assert set(rows[1:, j]) <= set(DATA[:, j])
        same = np.searchsorted(edges[:, j], rows[:, j]) == np.searchsorted(edges[:, j], row[j])
        np.testing.assert_array_equal(found.Z[:, j], same)
        assert abs(same[1:].mean() - 0.25) < 4 * 0.5 / np.sqrt(8000)
    assert found.names[1] == f"{edges[2, 1]:.4g} < column 1"
    assert found.names[2] == f"column 2 <= {edges[0, 2]:.4g}"
    assert found.names[0].count("<") == 2 or "column 0" in found.names[0]


# Skewed numbers, whole numbers with ties, a column that is 0 in half of its rows, a category.
SKEWED = np.column_stack(
    [
        RNG.exponential(size=500),
        RNG.poisson(3, 500),
        np.maximum(RNG.normal(size=500), 0),
        RNG.integers(0, 3, 500),
    ]
)


def curved(rows: np.ndarray) -> np.ndarray:
    a, b, c, town = rows.T
    return np.sin(3 * a) + a**2 + b * c + 2 * (town == 1)


def by_the_library(ask: Callable, samples: int, seed: int) -> list[float]:
    """Coefficients of the lime library, as it is used without further arguments."""
    explainer = pytest.importorskip("lime.lime_tabular").LimeTabularExplainer(
        SKEWED, mode="regression", categorical_features=[3], random_state=seed
    )
    found = explainer.explain_instance(SKEWED[0], ask, num_samples=samples, num_features=4)
    return [value for _, value in sorted(found.local_exp[1])]


def test_the_library_s_sampler_draws_what_the_library_draws() -> None:
    ours, theirs, samples = Asked(), Asked(), 20001
    sample_table(ours, SKEWED[0], SKEWED, categories=[3], samples=samples, sampler="library")
    by_the_library(lambda rows: theirs(rows)[:, 0], samples, 0)
    for mine, its, column in zip(ours.inputs[0].T, theirs.inputs[-1].T, SKEWED.T, strict=True):
        np.testing.assert_array_equal(mine[0], column[0])
        mine, its = mine[1:].round(9), its[1:].round(9)  # the library's constants are 1e-11 off
        assert mine.min() >= column.min()
        assert mine.max() <= column.max()
        edges = np.unique(np.quantile(column, (0.25, 0.5, 0.75)))
        for k in range(len(edges) + 1):
            here, there = (x[np.searchsorted(edges, x) == k] for x in (mine, its))
            assert abs(len(here) - len(there)) < 4 * np.sqrt(2 * 0.25 * samples)
            if len(there) and np.ptp(there):
                assert ks_2samp(here, there).pvalue > 1e-4
            else:
                assert np.array_equal(np.unique(here), np.unique(there))


def test_the_library_s_sampler_gives_the_library_s_coefficients() -> None:
    theirs = np.array([by_the_library(curved, 1000, seed) for seed in range(50)])

    def standard_errors_apart(sampler: str) -> np.ndarray:
        options = {"categories": [3], "samples": 1000, "sampler": sampler}
        ours = np.array(
            [
                local_surrogate(sample_table(curved, SKEWED[0], SKEWED, seed=s, **options), ridge=1)
                .coefficients
                for s in range(50)
            ]
        )  # fmt: skip
        error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / 49)
        return np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / error

    assert standard_errors_apart("library").max() < 4
    assert standard_errors_apart("quartiles").max() > 4  # so another distribution would be seen


@pytest.mark.parametrize("kind", ["table", "text", "image"])
def test_no_such_sampler(kind: str, tiny: Classifier) -> None:
    with pytest.raises(ValueError, match="sampler='coin' is unknown; use one of"):
        draw(kind, tiny, sampler="coin")


@pytest.mark.parametrize("kind", ["text", "image"])
def test_the_paper_s_sampler_keeps_any_number_equally_often(kind: str, tiny: Classifier) -> None:
    Z = draw(kind, tiny, samples=3001, sampler="paper")
    assert Z[0].all()
    M = Z.shape[1]
    kept = np.bincount(Z[1:].sum(axis=1), minlength=M + 1)
    expected = 3000 / (M + 1)
    chi_square = ((kept - expected) ** 2 / expected).sum()
    assert chi_square < {4: 18.5, 6: 22.5}[M]  # one time in a thousand
    assert np.abs(Z[1:].mean(axis=0) - 0.5).max() < 4 * 0.5 / np.sqrt(3000)


def test_a_linear_model_comes_back_from_the_paper_s_sampler() -> None:
    worth = dict(zip(WORDS, (3.0, -1.0, 0.5, 2.0, 0.0, 7.0), strict=True))
    ask = lambda texts: [sum(worth[w] for w in set(re.findall(r"\w+", t))) for t in texts]  # noqa: E731
    found = local_surrogate(sample_text(ask, TEXT, samples=200, sampler="paper"))
    np.testing.assert_allclose(found.coefficients, list(worth.values()), atol=1e-9)


# Texts


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("snake_case, x2!", ("snake_case", "x2")),
        ("cafe\u0301 noir", ("cafe\u0301", "noir")),
        ("हिन्दी में नहीं", ("हिन्दी", "में", "नहीं")),
        ("مَرْحَبًا بالعالم", ("مَرْحَبًا", "بالعالم")),
        ("می\u200cخواهم", ("می\u200cخواهم",)),
        ("한국어 문장", ("한국어", "문장")),
        ("naïve Straße", ("naïve", "Straße")),
    ],
)
def test_words_of_many_scripts_stay_whole(text: str, words: tuple) -> None:
    found = sample_text(Asked(), text, samples=5)
    assert found.names == words


@pytest.mark.parametrize(
    "text", ["映画はとても良い。", "这部电影很好", "หนังดีมาก", "ｶﾀｶﾅ", "カタカナ"]
)
def test_a_script_without_spaces_needs_tokenize(text: str) -> None:
    with pytest.raises(ValueError, match=r"no spaces between words.*janome.*jieba\.lcut"):
        sample_text(Asked(), text)
    found = sample_text(Asked(), text, samples=5, tokenize=list)
    assert found.names == tuple(dict.fromkeys(text))


def test_tokens_are_taken_out_and_what_lies_between_stays() -> None:
    asked = Asked()
    words = ["映画", "は", "とても", "良い"]
    found = sample_text(
        asked, "映画は とても良い。", samples=20, tokenize=lambda text: [*words, " "]
    )
    assert found.names == tuple(words)
    for text, z in zip(asked.inputs[0], found.Z, strict=True):
        a, b, c, d = (word * k for word, k in zip(words, z, strict=True))
        assert text == f"{a}{b} {c}{d}。"


def test_tokens_that_are_not_in_the_text() -> None:
    with pytest.raises(ValueError, match="gave the word 'film', which is not in the text after ''"):
        sample_text(Asked(), "a good Film", tokenize=lambda text: text.lower().split()[::-1])
    with pytest.raises(TypeError, match="one of its words is 3"):
        sample_text(Asked(), "a good Film", tokenize=lambda text: [3])
    with pytest.raises(TypeError, match="tokenize must give a list of words, not None"):
        sample_text(Asked(), "a good Film", tokenize=lambda text: None)


def test_a_text_keeps_the_words_whose_z_is_one() -> None:
    asked = Asked()
    found = sample_text(asked, TEXT, samples=100)
    (texts,) = asked.inputs
    assert found.names == WORDS
    assert texts[0] == TEXT
    order = ["The", "cat", "the", "CAT", "sat", "the", "cat", "sat", "there"]
    for text, z in zip(texts, found.Z, strict=True):
        kept = [word for word in order if z[WORDS.index(word)]]
        assert "".join(c if c.isalnum() else " " for c in text).split() == kept
        assert [c for c in text if not c.isalnum()] == [c for c in TEXT if not c.isalnum()]


def test_how_many_words_go_is_drawn_evenly_from_one_to_all() -> None:
    found = sample_text(Asked(), TEXT, samples=6001)
    gone = np.bincount(6 - found.Z[1:].sum(axis=1), minlength=7)
    assert gone[0] == 0
    chi_square = ((gone[1:] - 1000) ** 2 / 1000).sum()
    assert chi_square < 20.5  # 5 degrees of freedom: one time in a thousand
    share = found.Z[1:].mean(axis=0)  # each word stays with the same probability, 2.5 / 6
    assert np.abs(share - 2.5 / 6).max() < 4 * 0.5 / np.sqrt(6000)


@pytest.mark.parametrize("text", ["", "   ", "?! ..."])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no word"):
        sample_text(Asked(), text)


# Pictures


def test_each_superpixel_is_shown_half_of_the_time(tiny: Classifier) -> None:
    found = sample_image(tiny, IMAGE, SEGMENTS, samples=2001)
    assert found.Z[0].all()
    assert set(np.unique(found.Z)) == {0, 1}
    assert np.abs(found.Z[1:].mean(axis=0) - 0.5).max() < 4 * 0.5 / np.sqrt(2000)


def test_the_scores_are_those_of_the_samples(tiny: Classifier) -> None:
    found = sample_image(tiny, IMAGE, SEGMENTS, samples=40, baseline="grey", scores="logit")
    expected = coalition_scores(tiny, IMAGE, SEGMENTS, found.Z, baseline="grey", scores="logit")
    np.testing.assert_allclose(found.scores, expected, atol=1e-6)


def test_the_network_sees_each_sample_once() -> None:
    class Counter(keras.layers.Layer):
        def build(self, shape: tuple) -> None:
            self.rows = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, x: object) -> object:
            self.rows.assign_add(keras.ops.cast(keras.ops.shape(x)[0], "float32"))
            return x

    counter = Counter()
    layers = [keras.Input((8, 8, 3)), counter, keras.layers.Flatten(), keras.layers.Dense(2)]
    classifier = Classifier(keras.Sequential(layers))
    before = float(counter.rows.value)
    sample_image(classifier, IMAGE, SEGMENTS, samples=50)
    assert float(counter.rows.value) - before == 50


# All three


def draw(
    kind: str, tiny: Classifier, seed: int = 0, samples: int = 30, **options: str
) -> np.ndarray:
    options = {"seed": seed, "samples": samples, **options}
    ways = {
        "table": lambda: sample_table(Asked(), DATA[0], DATA, **options),
        "text": lambda: sample_text(Asked(), TEXT, **options),
        "image": lambda: sample_image(tiny, IMAGE, SEGMENTS, **options),
    }
    return ways[kind]().Z


@pytest.mark.parametrize("kind", ["table", "text", "image"])
def test_the_seed_alone_decides(kind: str, tiny: Classifier) -> None:
    state = np.random.get_state()[1].copy()
    assert np.array_equal(draw(kind, tiny, seed=3), draw(kind, tiny, seed=3))
    assert not np.array_equal(draw(kind, tiny, seed=3), draw(kind, tiny, seed=4))
    assert np.array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("kind", ["table", "text", "image"])
def test_a_line_needs_two_samples(kind: str, tiny: Classifier) -> None:
    with pytest.raises(ValueError, match="samples=1"):
        draw(kind, tiny, samples=1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda n: np.zeros((n - 1, 2)), r"must give \(5, classes\)"),
        (lambda n: np.zeros((n, 2, 2)), r"gave \(5, 2, 2\)"),
        (lambda n: np.zeros((n, 0)), r"gave \(5, 0\)"),
        (lambda n: np.full((n, 2), np.nan), "10 of the model's 10 scores"),
    ],
)
def test_impossible_scores_are_refused(answer: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample_text(lambda texts: answer(len(texts)), TEXT, samples=5)


def test_one_score_for_each_input_is_one_column() -> None:
    found = sample_text(lambda texts: [len(t) for t in texts], TEXT, samples=5)
    assert found.scores.shape == (5, 1)
    assert found.scores[0, 0] == len(TEXT)
