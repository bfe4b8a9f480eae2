"""A class at work: students who log in, run a lesson at the same time, and keep what they did."""

import pytest

from tools.classroom import classroom_load
from tools.classroom.classroom_load import Student, execute


def test_students_run_a_lesson_at_the_same_time(capsys) -> None:
    classroom_load.load(2, "00_start_here")
    assert capsys.readouterr().out.startswith("2 students ran 00_start_here")


def test_each_has_files_and_memory_of_their_own() -> None:
    with classroom_load.running("--memory", "2") as (address, _):
        ann, bob = Student(address, "ann"), Student(address, "bob")
        for student in (ann, bob):
            student.log_in()
        with ann.kernel("a.ipynb") as hers, bob.kernel("b.ipynb") as his:
            execute(
                hers, "from lessons_lib import exercises as e; e.check('02.1', [[1, 0], [0, 0.5]])"
            )
            passed = "from lessons_lib.exercises.passed import numbers; assert numbers() == "
            execute(hers, passed + "['02.1']")
            execute(his, passed + "[]")
            execute(hers, "import os; assert os.path.exists('notebooks/00_start_here.ipynb')")
            with pytest.raises(RuntimeError, match="MemoryError"):
                execute(hers, "b'0' * 2**32")
            execute(hers, "1")  # the kernel lives
            execute(his, "b'0' * 2**28")


def test_nobody_comes_in_without_the_password(monkeypatch) -> None:
    with classroom_load.running() as (address, _):
        monkeypatch.setattr(classroom_load, "PASSWORD", "another")
        monkeypatch.setattr(classroom_load, "WAIT", 5)
        with pytest.raises((TimeoutError, OSError)):
            Student(address, "eve").log_in()
