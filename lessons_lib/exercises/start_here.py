"""Checker for lesson 00."""

from typing import Any

from lessons_lib.exercises.registry import exercise


@exercise(
    "00.1",
    expects="a label, in quotation marks",
    praise="There is no class for giraffes, so the network takes what is nearest.",
)
def _nearest_to_a_giraffe(answer: Any) -> str | None:
    if not isinstance(answer, str):
        return 'Give the label, a text in quotation marks, such as "macaw".'
    if answer.strip().lower() == "cheetah":
        return None
    if answer.strip().lower() == "giraffe":
        return "That is what the photograph shows. What does the network say?"
    if "cheetah" in answer:
        return "Nearly: give the label alone, network.top(...)[0].label."
    return f"Not {answer!r}. Ask the network: network.top(photo)[0].label for this photograph."
