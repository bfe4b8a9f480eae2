"""Exercises that say what is wrong: `check` looks at an answer and gives praise or a hint.

Each lesson's checkers stand in a module of this package that is named like the lesson's own.

>>> from lessons_lib import exercises
>>> exercises.check("02.1", ...)
Exercise 02.1 - not answered yet: put your answer in the place of the dots.
"""

from lessons_lib.exercises.overview import summary
from lessons_lib.exercises.registry import (
    Feedback,
    check,
    close,
    exercise,
    exercises,
    judge,
    lesson,
)

__all__ = ["Feedback", "check", "close", "exercise", "exercises", "judge", "lesson", "summary"]
