"""What a reader has passed so far, lesson by lesson: shown in lesson 00."""

from itertools import groupby

from lessons_lib.exercises.passed import numbers, path
from lessons_lib.exercises.registry import exercises, lesson


def summary() -> None:
    """Print what was passed, lesson by lesson.

    Examples
    --------
    >>> import os, tempfile
    >>> from lessons_lib.exercises.passed import VARIABLE, note
    >>> os.environ[VARIABLE] = f"{tempfile.mkdtemp()}/passed.json"
    >>> note("02.1")
    >>> summary()  # doctest: +ELLIPSIS
    00  .      0 of 1  start here
    01  . . .  0 of 3  cam
    02  # . .  1 of 3  grad cam
    ...
    >>> del os.environ[VARIABLE]
    """
    done = set(numbers())
    everything = exercises()
    for lesson_number, group in groupby(everything, key=lambda number: number.split(".")[0]):
        listed = list(group)
        marks = " ".join("#" if number in done else "." for number in listed)
        count = len(done.intersection(listed))
        print(f"{lesson_number}  {marks:<5}  {count} of {len(listed)}  {lesson(listed[0])}")
    if count := len(done.intersection(everything)):
        print(f"{count} of {len(everything)} passed. Kept in {path()}; delete it to begin again.")
    else:
        print("None passed so far.")
