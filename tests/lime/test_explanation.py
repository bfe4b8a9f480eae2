"""LIME against closed forms, scikit-learn, and the `lime` library on the same samples."""

import itertools
import warnings

import keras
import lime.lime_base
import lime.lime_image
import lime.lime_tabular
import lime.lime_text
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from lessons_lib import exercises
from lessons_lib.lime import (
    IMAGE_SIGMA,
    TABLE_SIGMA,
    TEXT_SIGMA,
    Neighbourhood,
    coalition_scores,
    cosine_distance,
    effective_samples,
    held_out,
    k_lasso,
    kernel,
    local_surrogate,
    sample_image,
    sample_table,
    sample_text,
    superpixels,
)
from lessons_lib.network.classifier import Classifier

RNG = np.random.default_rng(0)
DATA = RNG.normal([1, -2, 0, 4], [0.5, 3, 20, 1], size=(200, 4))


def names(M: int) -> tuple[str, ...]:
    return tuple(f"f{j}" for j in range(M))


def random_binary(n: int = 60, M: int = 5, classes: int = 2, seed: int = 0) -> Neighbourhood:
    rng = np.random.default_rng(seed)
    Z = rng.integers(0, 2, (n, M))
    Z[0] = 1
    return Neighbourhood(Z, rng.normal(size=(n, classes)), cosine_distance(Z), names(M), 0.35)


# Closed forms


def test_four_samples_by_hand() -> None:
    """Lesson 04's case for paper and pencil: normal equations with weights 1, 1/2, 1/2, 1/4."""
    Z = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    distance = np.sqrt(np.log([1, 2, 2, 4]))  # so that exp(-D^2) = 1, 1/2, 1/2, 1/4
    y = np.array([[1.0], [0.4], [0.3], [0.0]])
    found = local_surrogate(Neighbourhood(Z, y, distance, names(2), 1.0))
    X, P = np.column_stack([np.ones(4), Z]), np.diag([1, 0.5, 0.5, 0.25])
    by_hand = np.linalg.solve(X.T @ P @ X, X.T @ P @ y[:, 0])
    np.testing.assert_allclose(found.pi_x, [1, 0.5, 0.5, 0.25])
    np.testing.assert_allclose([found.intercept, *found.coefficients], by_hand, atol=1e-12)
    # Both features keep 2/3 of the weight on: beta_1 = 2/3 * 0.7 + 1/3 * 0.4, and so on.
    np.testing.assert_allclose(found.coefficients, [0.6, 0.5], atol=1e-12)
    assert found.surrogate == pytest.approx(found.intercept + 1.1)


@given(st.floats(0.05, 50), st.integers(0, 5))
@settings(max_examples=30)
def test_a_linear_model_gives_its_coefficients_for_any_kernel(sigma: float, seed: int) -> None:
    w = np.random.default_rng(seed).normal(size=(5, 2))
    near = random_binary(seed=seed)
    near = near._replace(scores=near.Z @ w + [3, -1], distance=0.1 * near.distance)
    for target in (0, 1):
        found = local_surrogate(near, target, sigma=sigma)
        np.testing.assert_allclose(found.coefficients, w[:, target], atol=1e-8)
        assert found.r_squared == pytest.approx(1)
        assert found.surrogate == pytest.approx(found.prediction)
        assert found.intercept == pytest.approx([3, -1][target])


def test_a_linear_table_gives_its_slopes_times_the_deviations() -> None:
    w = np.array([2.0, -1.0, 0.1, 0.0])
    found = local_surrogate(sample_table(lambda rows: rows @ w + 7, DATA[0], DATA, samples=300))
    np.testing.assert_allclose(found.coefficients, w * DATA.std(axis=0), atol=1e-9)
    np.testing.assert_allclose(found.coefficients / DATA.std(axis=0), w, atol=1e-9)
    assert found.prediction == pytest.approx(DATA[0] @ w + 7)


def test_a_text_model_that_adds_word_scores_gives_them() -> None:
    worth = {"good": 2.0, "bad": -3.0, "film": 0.5}

    def predict(texts: list[str]) -> list[float]:
        return [sum(worth.get(word, 0) for word in set(t.split())) for t in texts]

    found = local_surrogate(sample_text(predict, "a good film and a bad film", samples=200))
    assert dict(found.top()) == pytest.approx({"a": 0, "and": 0} | worth, abs=1e-9)


@pytest.mark.parametrize("sigma", [0.2, 0.35, 10])
def test_a_linear_network_gives_each_superpixel_s_share(
    rng: np.random.Generator, sigma: float
) -> None:
    """f = w . x: hiding a superpixel takes the sum of w (x - hidden) over it off the score."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    network = Classifier(keras.Sequential(layers))
    image = rng.integers(0, 256, (12, 12, 3)).astype("float32")
    segments = superpixels(image, n_segments=6)
    near = sample_image(network, image, segments, samples=150, scores="logit")
    w = network.model.get_weights()[0][:, 1].reshape(12, 12, 3)
    shares = (w * (image - network.baseline(image, "mean", segments)[0])).sum(axis=-1)
    expected = np.bincount(segments.ravel(), shares.ravel())
    found = local_surrogate(near, 1, sigma=sigma)
    np.testing.assert_allclose(found.coefficients, expected, atol=1e-3 * np.abs(expected).max())
    assert found.r_squared > 0.9999


def test_relabelled_superpixels_get_the_same_map(rng: np.random.Generator) -> None:
    near = random_binary(n=100, M=6)
    order = np.array([3, 5, 0, 1, 4, 2])  # old superpixel order[j] is now called j
    renamed = near._replace(Z=near.Z[:, order])
    segments = rng.integers(0, 6, (4, 4))
    now = np.argsort(order)[segments]
    for features in (None, 3):
        before, after = (local_surrogate(n, 0, features=features) for n in (near, renamed))
        np.testing.assert_allclose(
            after.coefficients[now], before.coefficients[segments], atol=1e-10
        )
        assert after.r_squared == pytest.approx(before.r_squared)


def test_one_superpixel_counts_the_difference_it_makes() -> None:
    Z = np.array([[1], [0], [1], [0]])
    scores = np.array([[0.9], [0.2], [0.9], [0.2]])
    found = local_surrogate(Neighbourhood(Z, scores, cosine_distance(Z), names(1), IMAGE_SIGMA))
    assert found.coefficients == pytest.approx([0.7])
    assert found.r_squared == pytest.approx(1)


def test_a_constant_model_gets_nothing_and_a_perfect_fit() -> None:
    near = random_binary()._replace(scores=np.full((60, 1), 0.7))
    for features in (None, 2):
        found = local_surrogate(near, features=features)
        np.testing.assert_allclose(found.coefficients, 0, atol=1e-12)
        assert (found.intercept, found.r_squared) == pytest.approx((0.7, 1))


def test_a_constant_column_gets_nothing() -> None:
    data = DATA.copy()
    data[:, 2] = 9
    found = local_surrogate(
        sample_table(lambda rows: rows @ np.ones(4), data[0], data, samples=100)
    )
    assert found.coefficients[2] == 0
    np.testing.assert_allclose(found.coefficients[[0, 1, 3]], data.std(axis=0)[[0, 1, 3]])


@pytest.mark.parametrize("scale", [1, 7.5])
def test_scores_need_not_sum_to_one(scale: float) -> None:
    w = np.array([[2.0, -1.0], [-1.0, 0.5], [0.1, 3.0], [0.0, 1.0]])
    near = sample_table(lambda rows: scale * rows @ w, DATA[0], DATA, samples=100)
    found = local_surrogate(near, 1)
    np.testing.assert_allclose(found.coefficients, scale * w[:, 1] * DATA.std(axis=0), atol=1e-8)


# scikit-learn


@pytest.mark.parametrize("ridge", [0, 0.5, 20])
@pytest.mark.parametrize("sigma", [0.2, 0.35, 2])
def test_the_fit_is_scikit_learn_s(ridge: float, sigma: float) -> None:
    near = random_binary(n=200, M=7)
    found = local_surrogate(near, 1, sigma=sigma, ridge=ridge)
    weights = np.exp(-((near.distance / sigma) ** 2))
    model = Ridge(ridge) if ridge else LinearRegression()
    model.fit(near.Z, near.scores[:, 1], sample_weight=weights)
    np.testing.assert_allclose(found.coefficients, model.coef_, atol=1e-9)
    assert found.intercept == pytest.approx(model.intercept_)
    expected = r2_score(near.scores[:, 1], model.predict(near.Z), sample_weight=weights)
    assert found.r_squared == pytest.approx(expected)
    assert found.surrogate == pytest.approx(model.predict(near.Z[:1])[0])


@pytest.mark.parametrize("Z", [RNG.integers(0, 2, (300, 12)), RNG.normal(size=(300, 12))])
def test_k_lasso_finds_the_features_that_matter(rng: np.random.Generator, Z) -> None:
    y = Z @ [0, 3, 0, 0, -4, 0, 0, 0, 0, 2, 0, 0] + rng.normal(0, 0.1, 300)
    pi_x = rng.uniform(0.1, 1, 300)
    assert list(k_lasso(Z, y, pi_x, 1)) == [4]
    assert list(k_lasso(Z, y, pi_x, 2)) == [1, 4]
    assert list(k_lasso(Z, y, pi_x, 3)) == [1, 4, 9]


@pytest.mark.parametrize("features", range(1, 9))
def test_never_more_than_k_features_and_those_fitted_without_the_penalty(features: int) -> None:
    near = random_binary(n=200, M=6)
    found = local_surrogate(near, 0, features=features)
    kept = np.flatnonzero(found.coefficients)
    assert len(kept) <= min(features, 6)
    alone = LinearRegression().fit(near.Z[:, kept], near.scores[:, 0], sample_weight=found.pi_x)
    np.testing.assert_allclose(found.coefficients[kept], alone.coef_, atol=1e-9)


def test_the_default_target_is_the_instance_s_top_class() -> None:
    near = random_binary(classes=4)
    assert local_surrogate(near).target == near.scores[0].argmax()


# The lime library, given the same samples. Its Ridge has alpha=1; its kernel is the square root of
# the paper's, so that its width w is our sigma over the square root of 2.


@pytest.mark.parametrize(
    ("features", "way"), [(None, "none"), (1, "lasso_path"), (3, "lasso_path"), (5, "lasso_path")]
)
@pytest.mark.parametrize("w", [0.15, 0.25, 3.0])
def test_the_core_is_the_lime_library_s(features: int | None, way: str, w: float) -> None:
    near = random_binary(n=300, M=9, classes=3)
    base = lime.lime_base.LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / w**2)))
    intercept, pairs, score, local = base.explain_instance_with_data(
        near.Z, near.scores, near.distance, 2, features, feature_selection=way
    )
    found = local_surrogate(near, 2, sigma=np.sqrt(2) * w, features=features, ridge=1)
    agree(found, intercept, pairs, score, local)


def test_a_table_gets_what_the_lime_library_says() -> None:
    """The library's own rows, distances and width; the model is asked nothing twice."""
    rows: list[np.ndarray] = []

    def predict(asked: np.ndarray) -> np.ndarray:
        rows.append(asked)
        p = 1 / (1 + np.exp(-(asked[:, 0] * asked[:, 1] + np.sin(asked[:, 3]))))
        return np.column_stack([1 - p, p])

    explainer = lime.lime_tabular.LimeTabularExplainer(
        DATA, discretize_continuous=False, sample_around_instance=True, random_state=0,
        feature_selection="none",
    )  # fmt: skip
    theirs = explainer.explain_instance(DATA[3], predict, num_samples=500)
    Z = (rows[0] - DATA.mean(axis=0)) / DATA.std(axis=0)
    distance = np.linalg.norm(Z - Z[0], axis=1)
    near = Neighbourhood(Z, predict(rows[0]), distance, names(4), TABLE_SIGMA * np.sqrt(4))
    agree(local_surrogate(near, 1, ridge=1), theirs.intercept[1], theirs.local_exp[1], theirs.score,
          theirs.local_pred)  # fmt: skip


def test_a_text_gets_what_the_lime_library_says() -> None:
    text = "the cat sat on the mat and the dog sat on the cat"
    asked: list[list[str]] = []

    def predict(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        p = [0.1 + 0.3 * ("cat" in t) + 0.4 * ("dog" in t and "mat" in t) for t in texts]
        return np.column_stack([1 - np.array(p), p])

    explainer = lime.lime_text.LimeTextExplainer(random_state=0, feature_selection="none")
    theirs = explainer.explain_instance(text, predict, num_samples=300)
    words = tuple(dict.fromkeys(text.split()))
    Z = np.array([[word in t.split() for word in words] for t in asked[0]], int)
    near = Neighbourhood(Z, predict(asked[0]), cosine_distance(Z), words, TEXT_SIGMA)
    agree(local_surrogate(near, 1, ridge=1), theirs.intercept[1], theirs.local_exp[1], theirs.score,
          theirs.local_pred)  # fmt: skip


def test_an_image_gets_what_the_lime_library_says(rng: np.random.Generator) -> None:
    keras.utils.set_random_seed(3)
    network = Classifier(
        keras.Sequential([
            keras.Input((16, 16, 3)),
            keras.layers.Rescaling(1 / 128),
            keras.layers.Conv2D(6, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax"),
        ])
    )  # fmt: skip
    image = rng.integers(0, 256, (16, 16, 3)).astype("uint8")
    segments = superpixels(image, n_segments=8)
    explainer = lime.lime_image.LimeImageExplainer(feature_selection="none", random_state=0)
    drawn: list[np.ndarray] = []
    sample = explainer.data_labels

    def remember(*arguments: object, **options: object) -> tuple[np.ndarray, np.ndarray]:
        data, scores = sample(*arguments, **options)
        drawn.append(data)
        return data, scores

    explainer.data_labels = remember
    theirs = explainer.explain_instance(
        image, network.probabilities, top_labels=3, hide_color=127, num_samples=200,
        segmentation_fn=lambda _: segments,
    )  # fmt: skip
    scores = coalition_scores(network, image, segments, drawn[0], baseline=127)
    M = drawn[0].shape[1]
    near = Neighbourhood(drawn[0], scores, cosine_distance(drawn[0]), names(M), IMAGE_SIGMA)
    for target in range(3):
        found = local_surrogate(near, target, ridge=1)
        for j, weight in theirs.local_exp[target]:
            assert found.coefficients[j] == pytest.approx(weight, abs=1e-6)
        assert found.intercept == pytest.approx(theirs.intercept[target], abs=1e-6)


def agree(found: object, intercept: float, pairs: list, score: float, local: np.ndarray) -> None:
    theirs = np.zeros(len(found.coefficients))
    for j, weight in pairs:
        theirs[j] = weight
    np.testing.assert_allclose(found.coefficients, theirs, atol=1e-6)
    assert found.intercept == pytest.approx(intercept, abs=1e-6)
    assert found.r_squared == pytest.approx(score, abs=1e-6)
    assert found.surrogate == pytest.approx(local[0], abs=1e-6)


# Smaller things


def test_the_kernel_is_the_paper_s_square_of_the_library_s() -> None:
    D = np.linspace(0, 3, 20)
    library = np.sqrt(np.exp(-(D**2) / 0.25**2))
    np.testing.assert_allclose(kernel(D, 0.25), library**2)
    np.testing.assert_allclose(kernel(D, 0.25 * np.sqrt(2)), library)


def test_effective_samples_of_weights_one_and_zero_are_counted() -> None:
    for ones, zeros in itertools.product((1, 3, 10), (0, 5)):
        assert effective_samples(np.r_[np.ones(ones), np.zeros(zeros)]) == pytest.approx(ones)
    assert effective_samples(1e-200 * np.ones(4)) == pytest.approx(4)
    assert effective_samples(np.zeros(4)) == 0


def test_top_is_by_size_of_either_sign() -> None:
    near = random_binary(M=3)
    found = local_surrogate(near._replace(scores=near.Z @ np.array([[1.0], [-3.0], [2.0]])))
    assert [name for name, _ in found.top()] == ["f1", "f2", "f0"]
    assert [value for _, value in found.top(2)] == pytest.approx([-3, 2])


def test_the_neighbourhood_is_not_changed() -> None:
    near, same = random_binary(), random_binary()
    local_surrogate(near, features=3, ridge=1)
    for a, b in zip(near, same, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0}, "sigma=0"),
        ({"sigma": -1}, "sigma=-1"),
        ({"sigma": np.nan}, "sigma=nan"),
        ({"sigma": 1e-9}, "no sample but the instance itself"),
        ({"features": 0}, "features=0"),
        ({"ridge": -1}, "ridge=-1"),
        ({"target": 2}, r"target=2 is outside 0\.\.1"),
        ({"target": -1}, "target=-1"),
    ],
)
def test_bad_input(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        local_surrogate(random_binary(), **options)


@pytest.mark.parametrize("sigma", [0, -1, np.nan])
def test_a_kernel_has_a_width(sigma: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        kernel([0, 1], sigma)


@pytest.mark.parametrize("field", ["Z", "scores", "distance"])
def test_a_neighbourhood_of_another_shape_is_refused(field: str) -> None:
    near = random_binary()
    with pytest.raises(ValueError, match="shape"):
        local_surrogate(near._replace(**{field: getattr(near, field)[..., 0]}))


def test_class_one_of_a_single_column_is_explained_in_the_message() -> None:
    near = sample_table(lambda rows: rows[:, 0], DATA[0], DATA, samples=20)
    assert local_surrogate(near).target == 0
    with pytest.raises(ValueError, match=r"one score, so the only target is 0.*signs turned"):
        local_surrogate(near, 1)


# The exercises of lesson 04


def fit(root: object, intercept: bool = True, keep: slice = slice(1, None)) -> object:
    """A reader's my_lime, with what the rows are multiplied by as the argument."""

    def my_lime(Z: np.ndarray, y: np.ndarray, D: np.ndarray, sigma: float) -> np.ndarray:
        r = root(np.exp(-(D**2) / sigma**2))
        design = np.column_stack([np.ones(len(Z)), Z]) if intercept else Z
        return np.linalg.lstsq(r[:, None] * design, r * y)[0][keep]

    return my_lime


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("04.1", [-0.125, 0.7, 0.3]),
        ("04.2", lambda Z: 1 - np.sqrt(Z.mean(axis=1))),
        ("04.3", fit(np.sqrt)),
        (
            "04.3",
            lambda Z, y, D, sigma: LinearRegression().fit(Z, y, np.exp(-(D**2 / sigma**2))).coef_,
        ),
    ],
)
def test_right_answers_pass(number: str, answer: object) -> None:
    assert exercises.check(number, answer).passed


@pytest.mark.parametrize(
    ("number", "answer", "hint"),
    [
        ("04.1", [0.7, 0.3], "intercept beta_0 comes first"),
        ("04.1", [[0.7, 0.3]], "three numbers"),
        ("04.1", [0.7, 0.3, -0.125], "intercept comes first"),
        ("04.1", [-0.125, 0.3, 0.7], "changed places"),
        ("04.1", [0.0, 0.6, 0.2], "equal weights"),
        ("04.1", [0.0, 0.76, 0.36], "squared"),
        ("04.1", [0.1, 0.7, 0.3], "0.625"),
        ("04.1", [1, 2, 3], "3/4 and 1/4"),
        ("04.1", "?", "could not be read"),
        ("04.2", lambda Z: Z.mean(), "one distance for each"),
        ("04.2", lambda Z: 1 - Z.sum(1) / np.sqrt(4 * (Z**2).sum(1)), "NaN"),
        ("04.2", lambda Z: np.sqrt(Z.mean(axis=1)), "similarity"),
        ("04.2", lambda Z: Z.mean(axis=1), "share of superpixels shown"),
        ("04.2", lambda Z: 1 - Z.mean(axis=1), "share hidden"),
        ("04.2", lambda Z: np.linalg.norm(1 - Z, axis=1), "Euclidean"),
        ("04.2", lambda Z: Z[:, 0], "distance is 0.5"),
        ("04.2", 3, "could not be read"),
        ("04.3", fit(np.sqrt, keep=slice(None)), "first of these is the intercept"),
        ("04.3", fit(np.sqrt, intercept=False, keep=slice(None)), "no intercept"),
        ("04.3", fit(lambda p: p), "squared"),
        ("04.3", fit(lambda p: p**0.25), "lime library's kernel"),
        ("04.3", fit(np.ones_like), "count alike"),
        ("04.3", lambda *_: [1, 2], "3 columns"),
        ("04.3", lambda *_: [1, 2, 3], "linear in Z"),
    ],
)
def test_typical_mistakes_get_their_own_hint(number: str, answer: object, hint: str) -> None:
    feedback = exercises.check(number, answer)
    assert not feedback.passed
    assert hint in feedback.message


def test_the_summary_holds_what_belongs_beside_a_picture() -> None:
    near = random_binary()._replace(scores=np.full((60, 1), 0.7))
    assert str(local_surrogate(near)) == "f(x) = 0.70, g(x') = 0.70, weighted R² = 1.00"


# Samples that the line has not seen


def test_the_held_out_r_squared_is_that_of_scikit_learns_cross_validation() -> None:
    near = random_binary(n=43)
    y, pi_x = near.scores[:, 1], kernel(near.distance, 0.5)
    said = np.empty(43)
    for fold in range(4):
        out = np.arange(43) % 4 == fold
        model = Ridge(2.0).fit(near.Z[~out], y[~out], pi_x[~out])
        said[out] = model.predict(near.Z[out])
    expected = r2_score(y, said, sample_weight=pi_x)
    assert held_out(near, 1, sigma=0.5, ridge=2.0, folds=4) == pytest.approx(expected)


def test_features_are_chosen_without_the_samples_that_are_left_out() -> None:
    """Of 40 columns of coins one always fits noise: chosen before, it would seem to know it."""
    rng = np.random.default_rng(1)
    Z = rng.integers(0, 2, (60, 40))
    near = Neighbourhood(Z, rng.normal(size=(60, 1)), np.zeros(60), names(40), 1.0)
    chosen = local_surrogate(near, features=5)
    kept = np.flatnonzero(chosen.coefficients)
    before = near._replace(Z=Z[:, kept], names=names(len(kept)))
    assert held_out(before) > 0 > -0.1 > held_out(near, features=5)


def test_the_mean_of_the_others_is_held_out_too() -> None:
    noise = random_binary(n=2000)
    assert -0.1 < held_out(noise) < 0
    assert held_out(noise) < local_surrogate(noise).r_squared


def test_too_few_samples_for_the_numbers_fitted_are_said() -> None:
    near = random_binary(n=5, M=5)
    with pytest.warns(UserWarning, match=r"worth .* equally weighted ones, and 6 numbers"):
        local_surrogate(near)
    enough = random_binary(n=60, M=8)
    worth = local_surrogate(enough).effective_samples
    assert worth > 9
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        local_surrogate(enough)
    narrow = 0.05
    assert effective_samples(kernel(enough.distance, narrow)) < 9
    with pytest.warns(UserWarning, match="sigma=0.05"):
        local_surrogate(enough, sigma=narrow)
    # Only the features that are kept are fitted, each with its number, and the intercept.
    between = next(
        s for s in np.linspace(0.05, 1, 96)
        if 4 < effective_samples(kernel(enough.distance, s)) < 9
    )  # fmt: skip
    with pytest.warns(UserWarning, match="and 9 numbers"):
        local_surrogate(enough, sigma=between)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        local_surrogate(enough, sigma=between, features=2)


def test_more_folds_than_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="folds=61 is more than the 60 samples"):
        held_out(random_binary(), folds=61)


@pytest.mark.parametrize("score", [0.0, 0.1, 1.0, 1 / 3, -1e6])
def test_a_model_that_always_says_the_same_is_told_whole(score: float) -> None:
    near = random_binary()
    constant = near._replace(scores=np.full((len(near.Z), 1), score))
    assert held_out(constant) == local_surrogate(constant).r_squared == 1


def test_the_held_out_says_which_sigma_is_too_small() -> None:
    near = random_binary()
    with pytest.raises(ValueError, match=r"with sigma=1e-06 no sample but the instance itself"):
        held_out(near, sigma=1e-6)
    Z = np.tile(np.eye(3), (4, 1))
    only = near._replace(
        Z=Z, scores=Z, distance=np.where(np.arange(12) % 4, 1e3, 0), names=("",) * 3
    )
    with pytest.raises(ValueError, match="without one of 4 folds no sample has any weight"):
        held_out(only, sigma=1, folds=4)
    assert np.isfinite(held_out(only, sigma=1, folds=3))
