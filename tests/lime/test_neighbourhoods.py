"""Neighbourhoods: the samples are what Z says, drawn as documented, and asked about once."""

import keras
import numpy as np
import pytest
from sklearn.metrics import pairwise_distances

from lessons_lib.lime import cosine_distance, masked_scores, sample_image, sample_table, sample_text
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


def test_the_cosine_distance_is_scikit_learn_s() -> None:
    Z = RNG.integers(0, 2, (50, 6))
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


# Texts


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
    found = sample_image(tiny, IMAGE, SEGMENTS, samples=40, fill="grey", output="logits")
    expected = masked_scores(tiny, IMAGE, SEGMENTS, found.Z, fill="grey", output="logits")
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


def draw(kind: str, tiny: Classifier, seed: int = 0, samples: int = 30) -> np.ndarray:
    ways = {
        "table": lambda: sample_table(Asked(), DATA[0], DATA, seed=seed, samples=samples),
        "text": lambda: sample_text(Asked(), TEXT, seed=seed, samples=samples),
        "image": lambda: sample_image(tiny, IMAGE, SEGMENTS, seed=seed, samples=samples),
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
