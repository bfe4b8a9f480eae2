"""What lesson 04 says of its pictures, tables and texts."""

import functools

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from lessons_lib import images, models, texts
from lessons_lib.lime import (
    Explanation,
    Neighbourhood,
    explain,
    importance,
    sample_image,
    sample_table,
    sample_text,
    superpixels,
)
from tests.claims import claim

TRACES = ["re", "article", "writes", "wrote", "edu", "com", "rutgers", "athos", "geneva"]
CONSTANT = np.array([[-1, -1], [1, 1], [-1, 1], [1, -1]])


@functools.cache
def net() -> models.Classifier:
    return models.load("mobilenet_v2", "course")


@functools.cache
def segments(photo: str) -> np.ndarray:
    return superpixels(net().prepare(images.course_image(photo))[0])


@functools.cache
def near(photo: str, samples: int = 1000, seed: int = 0) -> Neighbourhood:
    pieces = segments(photo)
    return sample_image(net(), images.course_image(photo), pieces, samples=samples, seed=seed)


@functools.cache
def found(photo: str, label: str) -> Explanation:
    return explain(near(photo), net().class_index(label))


def middle(photo: str, j: int) -> tuple[float, float]:
    """Mean row and column of a superpixel, as shares of the picture."""
    rows, columns = np.nonzero(segments(photo) == j)
    return rows.mean() / 224, columns.mean() / 224


def on_bird(j: int) -> bool:
    """Whether a superpixel lies on the macaw: colourful, as no stone is, or its white face."""
    inside = net().prepare(images.course_image("macaw"))[0][segments("macaw") == j]
    colourful = (np.ptp(inside, axis=1) > 60).mean()
    return bool(colourful > 0.5 or segments("macaw")[60, 76] == j)


@claim("04.macaw_wing")
def _() -> bool:
    best = np.argsort(-found("macaw", "macaw").coefficients)
    return all(on_bird(j) for j in best[:3])


@claim("04.macaw_beside")
def _() -> bool:
    best = np.argsort(-found("macaw", "macaw").coefficients)[:6]
    beside = [j for j in best if not on_bird(j)]
    return len(beside) == 1 and middle("macaw", beside[0])[0] < 0.35


@claim("04.macaw_r2")
def _() -> float:
    return found("macaw", "macaw").r_squared


@claim("04.macaw_surrogate")
def _() -> float:
    return found("macaw", "macaw").surrogate


@claim("04.most_shown")
def _() -> int:
    return int(near("macaw").Z[1:].sum(axis=1).max())


@claim("04.drum_for_against")
def _() -> bool:
    def sides(label: str) -> tuple[float, float]:
        """Mean column of the two best and of the two worst of the six weightiest."""
        weights = found("drum_guitar", label).coefficients
        six = sorted(np.argsort(-np.abs(weights))[:6], key=lambda j: weights[j])
        columns = [middle("drum_guitar", j)[1] for j in six]
        return float(np.mean(columns[-2:])), float(np.mean(columns[:1]))

    drum, guitar = sides("drum"), sides("electric guitar")
    return drum[0] < 0.6 < drum[1] and guitar[1] < 0.6 < guitar[0]


@claim("04.roll_correlation")
def _() -> float:
    pair = [found("paper_roll", label).coefficients for label in ("toilet tissue", "paper towel")]
    return float(np.corrcoef(pair)[0, 1])


@claim("04.roll_hole")
def _() -> bool:
    hole = segments("paper_roll")[105, 176]
    tissue = found("paper_roll", "toilet tissue").coefficients
    towel = found("paper_roll", "paper towel").coefficients
    return bool(tissue.argmax() == hole and towel.argmin() == hole)


@functools.cache
def runs(size: int) -> np.ndarray:
    pool = near("macaw", 2001, 1)
    target = net().class_index("macaw")
    blocks = [np.r_[0, 1 + size * i : 1 + size * (i + 1)] for i in range(10)]
    parts = [Neighbourhood(*(a[b] for a in pool[:3]), *pool[3:]) for b in blocks]
    return np.array([explain(part, target).coefficients for part in parts])


@claim("04.sign_changes")
def _() -> bool:
    best = np.argsort(-np.abs(runs(200).mean(axis=0)))[:8]
    few, more = ((run[:, best].min(axis=0) < 0).sum() for run in (runs(60), runs(200)))
    return bool(few >= 4 and more <= 1 and (runs(200)[:, best].mean(axis=0) > 0).all())


# The curve in two dimensions


@functools.cache
def star(sigma: float) -> Explanation:
    def curve(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-6 * (z[:, 1] - 0.9 * np.sin(2 * z[:, 0]))))

    return explain(sample_table(curve, [0.2, 0.5], CONSTANT, samples=600), sigma=sigma)


@claim("04.narrow_few")
def _() -> bool:
    return star(0.2).effective_samples < star(4).effective_samples / 10


@claim("04.no_plateau")
def _() -> bool:
    first = np.array([star(s).coefficients[0] for s in np.geomspace(0.2, 3, 15)])
    return bool((np.diff(np.abs(first)) / np.abs(first[:-1]) < -0.05).all())


# The table


@functools.cache
def tumours() -> tuple[np.ndarray, np.ndarray, RandomForestClassifier]:
    table = load_breast_cancer()
    X, X_test, t, _ = train_test_split(
        table.data, table.target, random_state=0, stratify=table.target
    )
    return X, X_test, RandomForestClassifier(200, random_state=0).fit(X, t)


def patient(number: int, samples: int = 3000, features: int | None = None) -> Explanation:
    X, X_test, forest = tumours()
    rows = sample_table(forest.predict_proba, X_test[number], X, samples=samples)
    return explain(rows, 0, features=features)


@claim("04.unit_lists")
def _() -> int:
    usual = patient(75, features=6).coefficients
    per_unit = patient(75).coefficients / tumours()[0].std(axis=0)
    lists = [set(np.argsort(-np.abs(one))[:6]) for one in (usual, per_unit)]
    return len(lists[0] & lists[1])


@claim("04.fractal_deviation")
def _() -> float:
    column = list(load_breast_cancer().feature_names).index("fractal dimension error")
    return float(tumours()[0].std(axis=0)[column])


@claim("04.patient_surrogate")
def _() -> float:
    return 100 * patient(75, features=6).surrogate


@claim("04.patients_alike")
def _() -> float:
    others = np.array([patient(i, samples=1000).coefficients for i in range(20)])
    pairs = np.corrcoef(others)[np.triu_indices(20, 1)]
    return float(np.median(pairs))


# The texts


@functools.cache
def classifier(name: str) -> Pipeline:
    left_out = {"first": None, "second": TRACES}[name]
    words = CountVectorizer(binary=True, stop_words=left_out)
    model = make_pipeline(words, LogisticRegression(C=0.1, max_iter=1000))
    return model.fit(*texts.newsgroups("train"))


@claim("04.first_accuracy")
def _() -> float:
    return 100 * classifier("first").score(*texts.newsgroups("test"))


@claim("04.second_accuracy")
def _() -> float:
    return 100 * classifier("second").score(*texts.newsgroups("test"))


@claim("04.first_cleaned")
def _() -> float:
    X, y = texts.newsgroups("test")
    cleaned = [" ".join(word for word in text.split() if word not in TRACES) for text in X]
    return 100 * classifier("first").score(cleaned, y)


@claim("04.first_words")
def _() -> bool:
    message = texts.newsgroups("test").X[61]
    top = explain(sample_text(classifier("first").predict_proba, message), 1, features=8).top(3)
    return {name for name, _ in top} == {"re", "writes", "article"}


@claim("04.sp_traces")
def _() -> int:
    predict = classifier("first").predict_proba
    some = [
        dict(explain(sample_text(predict, text, samples=500), 1, features=8).top(8))
        for text in texts.newsgroups("test").X[5::12]
    ]
    words = sorted({word for one in some for word, value in one.items() if value})
    W = np.array([[one.get(word, 0) for word in words] for one in some])
    return sum(words[j] in TRACES for j in np.argsort(-importance(W))[:8])
