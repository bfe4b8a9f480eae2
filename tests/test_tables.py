"""The tables that come with the course: what is in them, and what must not be."""

import numpy as np
import pytest

from lessons_lib import tables
from lessons_lib.basics.files import DATA


def test_boston_is_the_published_table_without_its_racial_column() -> None:
    boston = tables.course_table("boston")
    assert boston.X.shape == (506, 12)
    assert not {"B", "BLACK", "BK"} & set(boston.features)
    first = dict(zip(boston.features, boston.X[0], strict=True))
    assert (first["CRIM"], first["RM"], first["LSTAT"], boston.y[0]) == (0.00632, 6.575, 4.98, 24)
    assert boston.y.mean() == pytest.approx(22.533, abs=1e-3)


def test_california_is_a_sample_of_the_published_table() -> None:
    california = tables.course_table("california")
    assert california.X.shape == (4000, 8)
    assert california.target == "MedHouseVal"
    # Means of all 20,640 rows, and four standard errors of a sample's mean.
    assert california.y.mean() == pytest.approx(2.0686, abs=4 * 1.154 / np.sqrt(4000))
    income = california.X[:, california.features.index("MedInc")]
    assert income.mean() == pytest.approx(3.8707, abs=4 * 1.9 / np.sqrt(4000))


@pytest.mark.parametrize("name", sorted(tables.FILES))
def test_every_number_is_there_and_the_file_has_its_licence(name) -> None:
    table = tables.course_table(name)
    assert np.isfinite(table.X).all()
    assert np.isfinite(table.y).all()
    licences = (DATA / "tables" / "LICENSES.md").read_text(encoding="utf-8")
    assert f"`{tables.FILES[name]}`" in licences


def test_no_such_table() -> None:
    with pytest.raises(ValueError, match=r"no table 'iris'; the course has \['boston'"):
        tables.course_table("iris")
