"""Columns: matched by name, categories read as numbers and given back as what they were."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from lessons_lib.basics.columns import Columns, check_order, in_order, names_of, with_names

TABLE = pd.DataFrame(
    {
        "size": [1.5, 2.0, 3.0],
        "town": pd.Categorical(["B", "A", None], categories=["A", "B", "C"]),
        "new": [True, False, True],
        "kind": ["flat", None, "house"],
    }
)


def test_what_is_read_is_given_back() -> None:
    columns = Columns(TABLE, TABLE.iloc[0], "the data")
    numbers = columns.encoded(TABLE)
    assert numbers.dtype == np.float64
    back = columns.decoded(numbers)
    pd.testing.assert_frame_equal(back, TABLE, check_dtype=False)
    assert back["town"].dtype == TABLE["town"].dtype
    turned = columns.encoded(TABLE[["kind", "new", "town", "size"]])
    np.testing.assert_array_equal(turned, numbers)


def test_a_category_of_the_row_alone_is_known() -> None:
    row = TABLE.iloc[0].copy()
    row["kind"] = "castle"
    columns = Columns(TABLE, row, "the data")
    assert columns.decoded(columns.encoded(row)[None])["kind"].tolist() == ["castle"]


def test_arrays_stay_arrays() -> None:
    array = np.array([[3.0, 1.0], [7.0, 2.0]])
    columns = Columns(array, array[0], "the data", categories=[0])
    np.testing.assert_array_equal(columns.encoded(array), [[0, 1], [1, 2]])
    np.testing.assert_array_equal(columns.decoded(columns.encoded(array)), array)
    text = np.array([["a", 1.0], ["b", 2.0]], object)
    columns = Columns(text, text[0], "the data", categories=[0])
    assert columns.decoded(columns.encoded(text)).tolist() == text.tolist()


def test_a_table_of_numbers_is_given_as_an_array_unless_the_model_knows_names() -> None:
    numbers = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 0.0]})
    plain = Columns(numbers, numbers.iloc[0], "the data", model=lambda rows: rows)
    assert isinstance(plain.decoded(np.ones((2, 2))), np.ndarray)
    fitted = LinearRegression().fit(numbers[["b", "a"]], [1, 2, 3])
    named = Columns(numbers, numbers.iloc[0], "the data", model=fitted.predict)
    assert list(named.decoded(np.ones((2, 2))).columns) == ["b", "a"]


@pytest.mark.parametrize(
    ("categories", "message"),
    [(["tow"], r"names 'tow', but the data has the columns \['size'"), ([4], r"columns 0..3")],
)
def test_unknown_columns_of_categories(categories: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Columns(TABLE, TABLE.iloc[0], "the data", categories=categories)


def test_text_among_numbers_is_named() -> None:
    with pytest.raises(TypeError, match="size of the data must be numbers"):
        Columns(TABLE, TABLE.iloc[0], "the data").encoded(TABLE.assign(size="large"))


def test_names() -> None:
    assert names_of(TABLE.iloc[0]) == tuple(TABLE.columns)
    assert names_of(np.ones((2, 2))) == names_of([1]) == names_of((1, 2)) == names_of("ab") == ()
    assert names_of(pd.DataFrame([[1, 2]], columns=[4, "a"])) == (4, "a")
    with pytest.raises(ValueError, match="two columns are called a; give each"):
        names_of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValueError, match=r"lacks \['x'\] and has besides \['size', 'kind'\]"):
        in_order(TABLE, ["town", "x", "new"], "X", "the model")


LABELS = {
    "text": ["a", "b", "c"],
    "counted": [0, 1, 2],
    "numbers": [7, 3, 5],
    "both": ["a", 1, 2.5],
    "pairs": [("a", 0), ("a", 1), ("b", 0)],
}


@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("order", [[2, 0, 1], [1, 0, 2]])
def test_any_labels_are_matched_by_name(names: list, order: list) -> None:
    columns = pd.Index(names, tupleize_cols=False)
    table = pd.DataFrame([[10, 20, 30], [40, 50, 60]], columns=columns)
    turned = table.iloc[:, order]
    assert in_order(turned, names, "X", "the data").to_numpy().tolist() == table.to_numpy().tolist()
    assert in_order(turned.iloc[0], names, "x", "the data").tolist() == [10, 20, 30]
    reader = Columns(table, turned.iloc[0], "the data")
    assert reader.names == tuple(names)
    assert reader.encoded(turned).tolist() == table.to_numpy().tolist()
    with pytest.raises(ValueError, match=r"of X are not those of the data: it lacks \["):
        in_order(turned.iloc[:, 1:], names, "X", "the data")
    with pytest.raises(ValueError, match=r"it has besides \['more'\]"):
        in_order(turned.assign(more=1), names, "X", "the data")
    by_name = Columns(table, turned.iloc[0], "the data", categories=[names[1]])
    assert [level is not None for level in by_name.levels] == [False, True, False]


def test_numbers_that_nobody_gave_are_no_names_beside_text() -> None:
    counted = pd.DataFrame([[1, 2]])
    assert in_order(counted, ["a", "b"], "X", "the data") is counted
    named = pd.DataFrame([[1, 2]], columns=["a", "b"])
    assert in_order(named, [0, 1], "X", "the data") is named
    with pytest.raises(ValueError, match=r"lacks \[5\] and has besides \[1\]"):
        in_order(counted, [0, 5], "X", "the data")


def test_numbered_columns_in_another_order_for_a_model_without_names() -> None:
    model = LinearRegression().fit([[1.0, 2.0], [2.0, 1.0]], [1, 2])
    for names in ([1, 0], [7, 3]):
        with pytest.raises(ValueError, match=rf"called \[{names[0]}, {names[1]}\].*to_numpy"):
            check_order(names, model, "X")
    for names in ([0, 1], [3, 7], ["b", "a"], []):
        check_order(names, model, "X")
    check_order([1, 0], None, "X")
    check_order([1, 0], LinearRegression(), "X")


def test_what_is_found_comes_under_its_name() -> None:
    numbers = np.arange(4.0).reshape(2, 2)
    assert with_names(numbers, ()) is numbers
    assert with_names(numbers[None], "ab").shape == (1, 2, 2)
    assert with_names(numbers[1], "ab").to_dict() == {"a": 2, "b": 3}
    assert with_names(numbers, "ab", "n.").loc["b"].tolist() == [2, 3]
    assert with_names(numbers, "ab", ".n")["b"].tolist() == [1, 3]
    assert with_names(numbers, "ab", "nn").loc["b", "a"] == 2
    assert list(with_names(numbers[0], [("a", 0), ("b", 1)]).index) == [("a", 0), ("b", 1)]


def test_text_in_an_array_names_the_way_on() -> None:
    text = np.array([["1", "a"], ["2", "b"]])
    with pytest.raises(TypeError, match=r"must be numbers.*found in a pandas DataFrame"):
        Columns(text, text[0], "the data").encoded(text)


def test_what_stands_for_a_missing_category_is_what_the_column_has() -> None:
    for missing in (None, np.nan, pd.NA):
        table = pd.DataFrame({"kind": pd.Series(["a", missing, "b"], dtype=object)})
        columns = Columns(table, [], "the data")
        assert columns.decoded(columns.encoded(table))["kind"][1] is missing


def test_missing_numbers_are_nan() -> None:
    table = pd.DataFrame({"n": pd.array([1, None, 3], "Int64"), "x": [0.5, np.nan, 2.0]})
    columns = Columns(table, table.iloc[1], "the data")
    np.testing.assert_array_equal(columns.encoded(table), [[1, 0.5], [np.nan] * 2, [3, 2.0]])
    np.testing.assert_array_equal(columns.encoded(table.iloc[1]), [np.nan] * 2)
    mixed = table.assign(kind=["a", "b", "c"])
    encoded = Columns(mixed, mixed.iloc[1], "the data").encoded(mixed)
    np.testing.assert_array_equal(encoded[:, :2], columns.encoded(table))


def test_codes_are_categories_besides_text() -> None:
    table = pd.DataFrame({"class": [1, 2, 3], "kind": ["a", "b", "c"], "x": [0.5, 1.5, 2.5]})
    columns = Columns(table, [], "the data", categories=["class"])
    assert [level is not None for level in columns.levels] == [True, True, False]


def test_pandas_own_missing_value_is_a_category() -> None:
    table = pd.DataFrame({"kind": pd.array(["a", pd.NA, "b"], dtype="string")})
    columns = Columns(table, table.iloc[1], "the data")
    assert columns.encoded(table)[:, 0].tolist() == [0, 2, 1]
    assert columns.decoded(np.array([[2.0]]))["kind"].isna().all()
