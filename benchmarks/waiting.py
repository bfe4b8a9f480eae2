"""What a reader waits for: the imports, and `explain` up to its first map and up to all five.

    python benchmarks/waiting.py [--runs 5]

Each in fresh processes, which are given the time that Python itself takes to start. The seconds of
`explain` count from the end of TensorFlow's own import: they hold the import of the course, loading
MobileNetV2 and the photograph, all compiling, and the curves that judge the maps. Prints Markdown
tables of medians.
"""

import argparse
import statistics
import subprocess
import sys

IMPORTS = {
    "scikit-learn": "import sklearn.ensemble, sklearn.linear_model, sklearn.tree",
    "TensorFlow and Keras": "import tensorflow, keras",
    "lessons_lib.shapley": "import lessons_lib.shapley",
    "lessons_lib.lime": "import lessons_lib.lime",
    "lessons_lib.tables": "import lessons_lib.tables",
    "lessons_lib.texts": "import lessons_lib.texts",
    "lessons_lib.models": "import lessons_lib.models",
    "lessons_lib.report": "import lessons_lib.report",
}
EXPLAIN = """
import functools, time
import tensorflow, keras
start = time.perf_counter()
from lessons_lib import images, methods, models, report
network, photo = models.load("mobilenet_v2"), images.course_image({photo!r})
taken = []
def watched(method):
    @functools.wraps(method)
    def watch(*arguments, **more):
        heat = method(*arguments, **more)
        taken.append(time.perf_counter() - start)
        return heat
    return watch
named = methods.by_names(report.fitting_methods(network))
found = report.explain(network, photo, methods={{n: watched(m) for n, m in named.items()}})
print(taken[0], time.perf_counter() - start, len(taken))
"""
PHOTOGRAPHS = ["panda", "macaw", "drum_guitar"]


def python(code: str) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter says."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def imports(runs: int) -> None:
    """What each takes in a fresh process, whether it says anything, and brings TensorFlow."""
    print("| import | seconds | says | loads TensorFlow |\n|---|---|---|---|")
    for name, line in IMPORTS.items():
        code = (
            f"import time; start = time.perf_counter(); {line}\n"
            "import sys; print(time.perf_counter() - start, 'tensorflow' in sys.modules)"
        )
        done = [python(code) for _ in range(runs)]
        seconds = statistics.median(float(one.stdout.split()[-2]) for one in done)
        said = any(one.stderr or len(one.stdout.splitlines()) > 1 for one in done)
        loads = "yes" if done[0].stdout.split()[-1] == "True" else "no"
        print(f"| {name} | {seconds:.2f} | {'something' if said else 'nothing'} | {loads} |")


def explaining(runs: int) -> None:
    """From the end of TensorFlow's import to the first map, and to all with their curves."""
    print("\n| `explain` on MobileNetV2 | up to | seconds | from - to |\n|---|---|---|---|")
    for photo in PHOTOGRAPHS:
        said = [python(EXPLAIN.format(photo=photo)).stdout.split() for _ in range(runs)]
        for k, what in enumerate(("the first map", f"all {said[0][-1]}, with their curves")):
            seconds = [float(one[-3 + k]) for one in said]
            print(
                f"| {'' if k else photo} | {what} | {statistics.median(seconds):.2f} | "
                f"{min(seconds):.2f} - {max(seconds):.2f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    wanted = parser.parse_args()
    imports(wanted.runs)
    explaining(wanted.runs)


if __name__ == "__main__":
    main()
