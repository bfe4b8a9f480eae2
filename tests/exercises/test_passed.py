"""The file of passed exercises: written on a pass only, never in the way."""

import json
import os
import threading

import pytest

from lessons_lib import exercises
from lessons_lib.exercises import passed

RIGHT, WRONG = [[1, 0], [0, 0.5]], [[1, -1], [0, 0.5]]


def test_only_a_right_answer_is_noted_and_once() -> None:
    exercises.check("02.1", WRONG)
    exercises.check("02.1", ...)
    assert not passed.path().exists()
    for _ in range(2):
        exercises.check("02.1", RIGHT)
    assert passed.numbers() == ["02.1"]
    exercises.check("02.1", WRONG)  # once passed, passed
    assert json.loads(passed.path().read_text()) == ["02.1"]


def test_judging_notes_nothing() -> None:
    assert exercises.judge("02.1", RIGHT).passed
    assert not passed.path().exists()


def test_report_counts_lesson_by_lesson(capsys) -> None:
    exercises.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "None passed so far."
    assert len(lines) == 1 + len({number[:2] for number in exercises.exercises()})
    for number in ("02.1", "02.3", "99.9"):
        passed.note(number)
    exercises.summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "02  # . #  2 of 3  grad cam"
    assert lines[-1].startswith(f"2 of {len(exercises.exercises())} passed.")
    assert str(passed.path()) in lines[-1]


@pytest.mark.parametrize("content", ["", "{", "7", '{"02.1": true}', "[1, null]", "\x00"])
def test_a_spoilt_file_counts_as_none_and_is_mended_by_the_next_pass(content: str) -> None:
    passed.path().write_text(content)
    assert passed.numbers() == []
    exercises.check("02.1", RIGHT)
    assert passed.numbers() == ["02.1"]


def test_where_nothing_can_be_written_the_answer_is_judged_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(passed.VARIABLE, str(tmp_path / "file" / "passed.json"))  # not a folder
    assert exercises.check("02.1", RIGHT).passed
    assert passed.numbers() == []


def test_two_lessons_at_once_leave_a_whole_file() -> None:
    threads = [threading.Thread(target=passed.note, args=(f"02.{i}",)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(passed.numbers()) <= {f"02.{i}" for i in range(20)}
    assert passed.numbers()
    assert os.listdir(passed.path().parent) == [passed.path().name]  # nothing left lying


def test_deleting_the_file_loses_nothing_else() -> None:
    exercises.check("02.1", RIGHT)
    passed.path().unlink()
    assert passed.numbers() == []
    assert exercises.check("02.1", RIGHT).passed
