"""What is found out about one answer: maps, what they are worth, and warnings."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lessons_lib import plotting
from lessons_lib.basics.written import as_csv, as_json, sha256, whole_folder
from lessons_lib.methods import short_name
from lessons_lib.report._pictures import jpeg, overlaid
from lessons_lib.report._template import fragment, page_parts

MANIFEST = "manifest.json"
KIND = "explained by lessons_lib"  # how a manifest says whose it is
QUESTIONS = ("predicted", "expected", "difference")
"""What speaks for the predicted class; for the expected one; for the one rather than the other."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One map, and how good it is.

    Attributes
    ----------
    question : str
        One of `QUESTIONS`.
    label : str
        What is explained: a class, "cat rather than dog", or the name of a score.
    answer : float
        What the network says of it for the whole picture: a probability 0..1, a number, or the
        difference of two.
    method : str
        The method's name; of a control, what it shows.
    heat : ndarray of float32, shape (height, width)
        The raw map, at the size of the network's input, in the method's own units.
    deletion, insertion : float
        Areas under the two curves of `answer`: the less under deletion and the more under
        insertion, the better. See `lessons_lib.judging.deletion`.
    control : bool
        Whether the map knows nothing of the class: what a map that says something has to beat.
    resolution : float
        How far a lead has to reach to count, in units of the answer: a smaller one may turn when
        the curves have finer steps.
    """

    question: str
    label: str
    answer: float
    method: str
    heat: NDArray[np.float32]
    deletion: float
    insertion: float
    control: bool = False
    resolution: float = 0.0

    def ahead_of(self, control: "Finding") -> int:
        """In how many of the two measures it is better than a control, by a lead that counts.

        Returns
        -------
        int
            0, 1 or 2.
        """
        least = max(self.resolution, control.resolution)
        pairs = (self.deletion, control.deletion), (control.insertion, self.insertion)
        # Nor does it count where the page would show two equal numbers.
        return sum(high - low > least and round(high, 3) > round(low, 3) for low, high in pairs)


@dataclass(frozen=True, eq=False)
class Explained:
    """All that `explain` found out about one picture.

    In a notebook it shows itself.

    Attributes
    ----------
    name : str
        The picture's: that of its file, where there is one.
    picture : ndarray of uint8, shape (height, width, 3)
        As a screen shows it; no side is longer than 1024.
    network : str
        Which network, in words.
    answers : tuple of str
        What it says: the five most probable classes, or its numbers.
    findings : tuple of Finding
        A map for each question and method, and a control for each question.
    warnings : tuple of str
        What is certain to stand in the way, each with what to do.
    left_out : tuple of str
        What was not done, and why.
    settings : dict
        What was asked for: methods, layer, classes, seed.
    versions : dict
        Of the packages that made it.
    """

    name: str
    picture: NDArray[np.uint8]
    network: str
    answers: tuple[str, ...]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    def __repr__(self) -> str:
        first, methods = self.findings[0], len({f.method for f in self.findings if not f.control})
        warned = f", {len(self.warnings)} warning{'s' * (len(self.warnings) != 1)}"
        return (
            f"<Explained {self.name or 'a picture'}: {first.label} {first.answer:.2f}, "
            f"{methods} method{'s' * (methods != 1)}{warned if self.warnings else ''}>"
        )

    def _repr_html_(self) -> str:
        return fragment(self)

    @property
    def questions(self) -> dict[str, list[Finding]]:
        """The findings of each question; the control is the last."""
        asked = dict.fromkeys(f.question for f in self.findings)
        return {q: [f for f in self.findings if f.question == q] for q in asked}

    @property
    def heats(self) -> dict[tuple[str, str], NDArray[np.float32]]:
        """The raw maps by question and method: ``heats["predicted", "Grad-CAM"]``."""
        return {(f.question, f.method): f.heat for f in self.findings}

    def rows(self) -> list[dict[str, str | float | bool]]:
        """The numbers, a row for each map: what ``numbers.csv`` holds."""
        return [
            {
                "picture": self.name,
                "question": f.question,
                "label": f.label,
                "answer": f.answer,
                "method": f.method,
                "control": f.control,
                "deletion": f.deletion,
                "insertion": f.insertion,
            }
            for f in self.findings
        ]

    def figure(self) -> Figure:
        """The picture with its maps, a row for each question; for `lessons_lib.plotting.show`."""
        panels, titles = [], []
        for found in self.questions.values():
            panels.append(self.picture)
            titles.append(f"{self.settings['network']}\n{found[0].label}: {found[0].answer:.2f}")
            for f in found:
                panels.append(overlaid(self.picture, f.heat))
                areas = f"deletion {f.deletion:.2f}, insertion {f.insertion:.2f}"
                titles.append(f"{'control: ' * f.control}{f.method}\n{areas}")
        columns = len(panels) // len(self.questions)
        if len(self.questions) == 1:  # lines of at most four panels, as equal as can be
            columns = math.ceil(len(panels) / math.ceil(len(panels) / 4))
        return plotting.gallery(panels, titles, columns=columns)

    def save(self, folder: str | Path) -> Path:
        """Write all of it into a new folder: whole, or not at all.

        Pictures (PNG, JPEG), the raw maps (``maps.npz``), the numbers (CSV, JSON), a page
        (``report.html``), and last ``manifest.json`` with settings, versions and the hash of each
        file. Nothing of the original file's EXIF data, such as the place, is in them.

        Parameters
        ----------
        folder
            Its name; one that `save` wrote before is replaced.

        Returns
        -------
        Path
            The folder; `load_explained` reads it.

        Raises
        ------
        FileExistsError
            If there is something by this name that `save` did not write.
        OSError
            If it cannot be written.
        """
        with whole_folder(Path(folder), MANIFEST) as new:
            (new / "picture.jpg").write_bytes(jpeg(self.picture))
            self.figure().savefig(new / "explained.png", dpi=150)
            for key, f in self._keyed().items():
                (new / f"{key}.jpg").write_bytes(jpeg(overlaid(self.picture, f.heat)))
            heats: dict[str, Any] = {key: f.heat for key, f in self._keyed().items()}
            np.savez_compressed(new / "maps.npz", **heats)
            rows = self.rows()
            _write(new / "numbers.csv", as_csv(rows))
            _write(new / "numbers.json", as_json(rows))
            _write(new / "report.html", "".join(page_parts([self], self.name or "a picture")))
            _write(new / MANIFEST, as_json(self._manifest(new)))
        return Path(folder)

    def _keyed(self) -> dict[str, Finding]:
        """The findings by what their arrays are called in ``maps.npz``."""
        found: dict[str, Finding] = {}
        for f in self.findings:
            name = f"{f.question}_{_file_name(f)}"
            # two methods of a reader's own may be alike but for a sign that no file can have
            numbered = (f"{name}_{i}" for i in range(2, len(self.findings) + 2))
            found[name if name not in found else next(n for n in numbered if n not in found)] = f
        return found

    def _manifest(self, folder: Path) -> dict[str, Any]:
        fields = {k: v for k, v in vars(self).items() if k not in ("picture", "findings")}
        found = {
            key: {k: v for k, v in asdict(f).items() if k != "heat"}
            for key, f in self._keyed().items()
        }
        files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
        return {"kind": KIND, **fields, "findings": found, "files": files}


def load_explained(folder: str | Path) -> Explained:
    """Read what `Explained.save` wrote.

    The picture comes back as its JPEG shows it; all else is as it was.

    Raises
    ------
    FileNotFoundError
        If the folder has no manifest: then it is none, or was not written whole.
    ValueError
        If the manifest is none of ours, or a file is not the one that was written.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise FileNotFoundError(f"there is no {MANIFEST} in {folder}; save() writes one, last")
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = told["kind"] == KIND
        wrong = [n for n, digest in told["files"].items() if sha256(folder / n) != digest]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"{folder / MANIFEST} is not what save() writes ({error})") from error
    if wrong or not whole:
        raise ValueError(f"in {folder} is not what save() wrote: {', '.join(wrong) or MANIFEST}")
    with np.load(folder / "maps.npz") as maps:
        findings = tuple(Finding(**row, heat=maps[key]) for key, row in told["findings"].items())
    texts = {name: tuple(told[name]) for name in ("answers", "warnings", "left_out")}
    return Explained(
        name=told["name"],
        picture=np.array(PIL.Image.open(folder / "picture.jpg").convert("RGB")),
        network=told["network"],
        findings=findings,
        settings=told["settings"],
        versions=told["versions"],
        **texts,
    )


def _file_name(found: Finding) -> str:
    """A name that every disk takes, whatever a reader's own method or layer is called."""
    if found.control:
        return "control"
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in short_name(found.method))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
