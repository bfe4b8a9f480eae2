"""The newsgroup messages: what the lesson builds on is in the file, and nothing else."""

import re

import pytest

from lessons_lib.texts import newsgroups

TRAIN, TEST = newsgroups("train"), newsgroups("test")


def test_both_splits_have_both_groups() -> None:
    assert (len(TRAIN.X), int(TRAIN.y.sum())) == (1071, 594)
    assert (len(TEST.X), int(TEST.y.sum())) == (709, 393)
    assert set(TRAIN.y) == set(TEST.y) == {0, 1}


def test_no_text_is_in_both_splits_or_twice() -> None:
    assert len({*TRAIN.X, *TEST.X}) == len(TRAIN.X) + len(TEST.X)


def test_texts_are_excerpts_of_lower_case_words() -> None:
    for text in TRAIN.X + TEST.X:
        assert re.fullmatch(r"[a-z]+( [a-z]+)*", text)
        assert len(text.split()) <= 100


def test_the_shortcut_is_in_the_data() -> None:
    """Lesson 04 rests on it: rutgers in one group only, replies mostly in the other."""

    def share(word: str, group: int) -> float:
        texts = [text for text, y in zip(*TRAIN, strict=True) if y == group]
        return sum(word in text.split() for text in texts) / len(texts)

    assert share("rutgers", 0) < 0.01 < 0.25 < share("rutgers", 1)
    assert share("re", 0) > share("re", 1) + 0.15


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(ValueError, match=r"'validation'.*'train' or 'test'"):
        newsgroups("validation")
