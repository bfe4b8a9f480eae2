"""Answers to the exercises: wrong ones that must be refused, and right ones in every form.

Each module is named like the lesson's checkers, and has two tables. ``WRONG`` gives for each
exercise its wrong answers, each named by what it gets wrong; ``RIGHT`` the forms of the right one.
"""
