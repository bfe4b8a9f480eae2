"""The course's methods on your own photographs and your own network, from the shell.

lessons-lib explain PHOTO
lessons-lib explain FOLDER --model mine.keras --labels labels.txt --preprocess tf --out maps
"""

import argparse
import collections
import gc
import io
import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:  # `--help` shall not wait for TensorFlow
    from lessons_lib.network.classifier import Classifier
    from lessons_lib.report import Explained

PICTURE = (".png", ".jpg", ".jpeg", ".pdf", ".svg", ".webp")  # what --out may be as a file
PHOTOGRAPHS = (
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp",
)  # fmt: skip
EXAMPLES = """the five commonest uses:
  lessons-lib explain holiday/elephant.jpg
  lessons-lib explain cat.png --expected lynx --methods grad_cam,occlusion
  lessons-lib explain xray.png --model mine.keras --labels labels.txt --preprocess tf
  lessons-lib explain photographs/ --model mine.keras --labels labels.txt --pixels 0 1 --out maps/
  lessons-lib explain photographs/ --report for_a_colleague.html

A photograph alone gives one picture: the photograph with a map for each method. The table says how
fast the class's probability falls (deletion, less is better) and rises (insertion, more is better)
with the map's hottest pixels. The control knows nothing of the class; a map that is worth something
is better.

With --out FOLDER each photograph gets a folder of its own: pictures, raw maps, numbers, a page,
and at last manifest.json. Called again it goes on where it stopped: what has its manifest, from the
same photograph and the same options, is not done again. A file that cannot be read is named and
skipped.

Exit code 0: all is done; 1: some files were skipped; 2: it could not be done, the message says why;
130: you stopped it.
"""
OPTIONS = "preprocess", "pixels", "input_size", "output", "ending", "layer"  # a map depends on
STOPPED = 130  # what shells say of a command that Ctrl+C ended


def photographs(given: Sequence[str]) -> list[Path]:
    """The files that are meant: those named, and those of each folder, in order.

    Raises
    ------
    ValueError
        If a folder has no pictures.
    """
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in PHOTOGRAPHS)
        if not inside:
            below = sorted(p.name for p in path.iterdir() if p.is_dir())
            hint = f"; it has folders, name one: {', '.join(below[:5])}" if below else ""
            raise ValueError(f"there are no pictures ({', '.join(PHOTOGRAPHS)}) in {path}{hint}")
        found += inside
    return found


def labels_from(path: str) -> Any:
    """Names of classes from a file: a line for each, or JSON as Keras's ``class_indices``.

    Raises
    ------
    OSError, ValueError
        If it cannot be read, or is neither.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if not path.lower().endswith(".json"):
            return [line.strip() for line in text.splitlines() if line.strip()]
        found = json.loads(text)
    except ValueError as error:  # of UTF-8, or of JSON
        raise ValueError(f"{path} holds no names of classes ({error})") from error
    if isinstance(found, dict):
        return {int(k) if k.isdigit() else k: v for k, v in found.items()}
    return found


def network_for(arguments: argparse.Namespace) -> "Classifier":
    """The network that is meant, ready to be asked.

    Raises
    ------
    ValueError, OSError, ImportError
        If it is not there, or options do not go together.
    """
    from lessons_lib import models
    from lessons_lib.images import PHOTOGRAPH, channels_of
    from lessons_lib.network.classifier import Classifier
    from lessons_lib.network.weights import saved_model

    own = {
        "--labels": arguments.labels, "--preprocess": arguments.preprocess,
        "--pixels": arguments.pixels, "--unsafe": arguments.unsafe or None,
        "--input-size": arguments.input_size, "--output": arguments.output,
        "--ending": arguments.ending,
    }  # fmt: skip
    name = arguments.model
    if Path(name).suffix or os.sep in name or Path(name).exists():
        if arguments.weights:
            raise ValueError(f"--weights are for the course's networks; {name} has its own")
        model = saved_model(name, unsafe=arguments.unsafe)
        network = Classifier(
            model,
            labels_from(arguments.labels) if arguments.labels else None,
            arguments.preprocess,
            value_range=tuple(arguments.pixels or PHOTOGRAPH),
            input_size=tuple(arguments.input_size) if arguments.input_size else None,
            layer=arguments.layer,
            output=None if arguments.output is None else number_or_name(arguments.output),
            ending=arguments.ending or "auto",
            name=Path(name).stem,
        )
    else:
        said = [option for option, value in own.items() if value is not None]
        if said:
            raise ValueError(
                f"{', '.join(said)}: this is for a model of your own, --model x.keras, not for "
                f"{name}, of which it is known"
            )
        if Path(arguments.weights or "").suffix == ".keras":
            raise ValueError(
                f"--weights {arguments.weights} is a whole model: say --model {arguments.weights} "
                "--preprocess HOW, with --labels FILE"
            )
        network = models.load(name, arguments.weights)
        network = network.replace(layer=arguments.layer) if arguments.layer else network
    if network.channels not in (1, 3):
        raise ValueError(
            f"{network.name} takes pictures of {channels_of(network.channels)}, and a photograph "
            "has 3, or 1 if it is grey: explain it in Python, with arrays"
        )
    return network


def number_or_name(given: str) -> int | str:
    """What is called by its number or by its name."""
    return int(given) if given.isdigit() else given


def class_of(network: "Classifier", name: str | None) -> int | str | None:
    """A class that is given by name or number; a ValueError if there is none."""
    if name is None:
        return None
    return network.class_index(name if name in network.labels else number_or_name(name))


def photograph(path: Path, network: "Classifier") -> Any:
    """The pixels of a file, in the network's channels and value range.

    Raises
    ------
    OSError, ValueError
        If it cannot be read as a picture.
    """
    from lessons_lib import images

    pixels = images.load_image(path, images.MOST_PIXELS)
    low, high = network.value_range
    if network.channels == 1:
        pixels = pixels.mean(axis=-1, keepdims=True)
    if (low, high) == images.PHOTOGRAPH:
        return pixels
    return (low + pixels.astype("float32") * ((high - low) / 255)).clip(low, high)


def is_picture(out: Path) -> bool:
    """Whether ``--out`` is the name of a picture, and not of a folder."""
    return out.suffix.lower() in PICTURE and not out.is_dir()


def check_places(arguments: argparse.Namespace, *, alone: bool) -> None:
    """An error unless what is to be written can be, where it is to be."""
    folders = []
    if arguments.report:
        report = Path(arguments.report)
        if report.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"--report {report}: it is a page; give a name that ends in .html")
        folders.append(report.absolute().parent)
    if arguments.out:
        out = Path(arguments.out)
        if out.suffix and not is_picture(out) and not out.is_dir():
            raise ValueError(
                f"--out {out}: name a folder, or for one photograph a picture that ends in "
                f"{', '.join(PICTURE)}"
            )
        if is_picture(out) and not alone:
            raise ValueError(f"--out {out}: several photographs need a folder; name one")
        folders.append(out.absolute().parent if is_picture(out) else nearest(out.absolute()))
    for folder in folders:
        if not folder.exists():
            raise FileNotFoundError(f"there is no folder {folder} to write to")
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is a file; nothing can be written into it")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} is not yours to write to; name another place")


def nearest(folder: Path) -> Path:
    """The folder itself, or of one that is not there yet the nearest above it that is."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def folder_names(paths: Sequence[Path]) -> list[str]:
    """A name for the folder of each photograph: its own, with a number where several share it.

    Examples
    --------
    >>> folder_names([Path("a/cat.jpg"), Path("a/dog.jpg"), Path("b/cat.png")])
    ['cat', 'dog', 'cat_2']
    """
    names: dict[str, None] = {}
    for path in paths:
        choices = [path.stem, *(f"{path.stem}_{i}" for i in range(2, len(paths) + 1))]
        names[next(name for name in choices if name not in names)] = None
    return [*names]


def clear_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Take away what a run that was killed left there, half written, under one of these names.

    Such a thing is hidden: ``.NAME-`` and eight letters or digits. A folder of that kind holds a
    ``new`` or an ``old`` one, and nothing else; any other is somebody's own, and stays.
    """
    wanted = set(names)
    for path in [*folder.glob(".*-*")]:
        hidden = re.fullmatch(r"\.(.+)-[a-z0-9_]{8}", path.name, re.DOTALL)
        if hidden is None or hidden[1] not in wanted or path.is_symlink():
            continue
        if path.is_file():
            path.unlink()
        elif {inside.name for inside in path.iterdir()} <= {"new", "old"}:
            shutil.rmtree(path)


def told(found: "Explained") -> str:
    """The numbers of one photograph, as a table."""
    lines = []
    for rows in found.questions.values():
        lines += [
            f"{found.name}: {rows[0].label}: {rows[0].answer:.2f}",
            f"{'method':40} {'deletion':>9} {'insertion':>10}",
        ]
        lines += [
            f"{'control: ' * row.control + row.method:40} {row.deletion:9.2f} {row.insertion:10.2f}"
            for row in rows
        ]
    lines += [f"left out: {what}" for what in found.left_out]
    return "\n".join([*lines, *(f"warning: {what}" for what in found.warnings)])


class Work:
    """One network and what it is asked, for any number of photographs."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from lessons_lib.basics.written import sha256
        from lessons_lib.methods import by_names

        named = [name.strip() for name in (arguments.methods or "").split(",") if name.strip()]
        methods = None if arguments.methods is None else [*by_names(named)]
        self.network = network_for(arguments)
        self.asked: dict[str, Any] = {
            "target": class_of(self.network, arguments.target),
            "expected": class_of(self.network, arguments.expected),
            "methods": methods,
        }
        files = [arguments.model, arguments.weights, arguments.labels]
        self.command = self.asked | {
            "files": [sha256(Path(f)) if f and Path(f).is_file() else f for f in files],
            "weights": os.environ.get("LESSONS_WEIGHTS"),
            **{name: getattr(arguments, name) for name in OPTIONS},
        }
        self.skipped: list[tuple[Path, str]] = []
        self.rows: list[dict[str, Any]] = []
        self.done = self.there = 0
        self.last: Explained | None = None

    def stream(self, paths: Sequence[Path], out: Path | None) -> Iterator["Explained"]:
        """One after another; what is in ``out`` already is read, the rest is written there."""
        for path, name in zip(tqdm(paths, desc="photographs"), folder_names(paths), strict=True):
            found = self._there(path, out / name) if out else None
            if found is None:
                try:
                    pixels = photograph(path, self.network)
                except (OSError, ValueError) as error:
                    self.skipped.append((path, str(error)))
                    continue
                found = self._asked_of(path, pixels)
                if out:
                    found.save(out / name)
                    gc.collect()  # figures are circles of objects, which Python lets pile up
                self.done += 1
            else:
                self.there += 1
            self.rows += [{"file": str(path), **row} for row in found.rows()]
            self.last = found
            yield found

    def write_numbers(self, out: Path) -> None:
        """The numbers of all photographs, as CSV and as JSON."""
        from lessons_lib.basics.written import as_csv, as_json, whole_file

        if not self.rows:
            return
        for name, text in (("csv", as_csv(self.rows)), ("json", as_json(self.rows))):
            with whole_file(out / f"numbers.{name}") as file:
                file.write(text)

    def _asked_of(self, path: Path, pixels: Any) -> "Explained":
        from lessons_lib.report import explain

        found = explain(self.network, pixels, **self.asked)
        return replace(
            found, name=path.name, settings={**found.settings, "command": self._command(path)}
        )

    def _command(self, path: Path) -> dict[str, Any]:
        """What an answer depends on; JSON gives it back as it is."""
        from lessons_lib import __version__
        from lessons_lib.basics.written import sha256

        return {**self.command, "photograph": sha256(path), "version": __version__}

    def _there(self, path: Path, folder: Path) -> "Explained | None":
        """What an earlier call wrote, if it was of this photograph, and with these options."""
        from lessons_lib.report import load_explained

        try:
            found = load_explained(folder)
            same = found.settings.get("command") == self._command(path)
        except (OSError, ValueError):
            return None
        return found if same else None


def explain_photographs(arguments: argparse.Namespace) -> int:
    """Explain all that is named; 1 if some files were skipped, else 0.

    Raises
    ------
    ValueError, OSError, ImportError
        If photographs, model, class, method or place to write are not there.
    """
    paths = photographs(arguments.photos)
    alone = len(paths) == 1 and not Path(arguments.photos[0]).is_dir()
    if arguments.out is None and not arguments.report:
        arguments.out = f"{paths[0].stem}_explained.png" if alone else "explained"
    check_places(arguments, alone=alone)
    from lessons_lib import images
    from lessons_lib.report import write_report

    if alone:
        images.load_image(paths[0], images.MOST_PIXELS)  # or the network would load for nothing
    out = Path(arguments.out) if arguments.out else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # each result tells them
        work = Work(arguments)
        if out is not None and not is_picture(out):
            clear_leftovers(out, [*folder_names(paths), "numbers.csv", "numbers.json"])
        if arguments.report:
            clear_leftovers(Path(arguments.report).parent, [Path(arguments.report).name])
        if out is not None and is_picture(out):
            results: Iterable[Explained] = [*work.stream(paths, None)]
            write_picture(work.last, out)
        else:
            results = work.stream(paths, out)
        if arguments.report:
            write_report(results, arguments.report)
        else:
            collections.deque(results, maxlen=0)
    if out is not None and not is_picture(out):
        work.write_numbers(out)
    for path, error in work.skipped:
        print(f"skipped: {path}: {error}", file=sys.stderr)
    if alone and work.last is not None:
        print(told(work.last))
    else:
        print(f"{work.done} explained, {work.there} there already, {len(work.skipped)} skipped")
    print(f"written: {', '.join(str(place) for place in (out, arguments.report) if place)}")
    return 1 if work.skipped else 0


def write_picture(found: "Explained | None", path: Path) -> None:
    """The picture with all maps side by side, in the format that the name ends in."""
    assert found is not None
    content = io.BytesIO()
    found.figure().savefig(content, format=path.suffix[1:].lower(), dpi=150)
    path.write_bytes(content.getvalue())


def parser() -> argparse.ArgumentParser:
    """What the shell takes."""
    top = argparse.ArgumentParser(
        prog="lessons-lib", description="Explain what an image classifier sees."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser(
        "explain",
        help="photographs with the maps of several methods, and what each is worth",
        description="Photographs with the maps of several methods, and what each is worth.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = one.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="picture files (JPEG, PNG, WebP, ...), or "
        "folders of them")  # fmt: skip
    add("--model", default="mobilenet_v2", metavar="FILE|NAME", help="a .keras file of your own; "
        "or mobilenet_v2 (default), vgg16, xception, squeezenet; with --weights also alexnet, "
        "googlenet, resnet18")  # fmt: skip
    add("--labels", metavar="FILE", help="the names of your classes: a line for each, or JSON")
    add("--preprocess", choices=["tf", "torch", "caffe", "none"],
        help="what your model wants done to its pixels: tf (to -1..1), torch, caffe (ImageNet's "
        "mean off), or none")  # fmt: skip
    add("--pixels", nargs=2, type=float, metavar=("LOW", "HIGH"), help="which values the pixels "
        "have that your model takes (before --preprocess); default: 0 255")  # fmt: skip
    add("--input-size", nargs=2, type=int, metavar=("HEIGHT", "WIDTH"), help="of a model "
        "that takes pictures of any size")  # fmt: skip
    add("--output", metavar="NAME", help="which one, of a model of several outputs: its name or "
        "number")  # fmt: skip
    add("--ending", choices=["logits", "probabilities", "numbers"], help="what your model gives, "
        "where it cannot be seen")  # fmt: skip
    add("--layer", metavar="NAME", help="where to look, for methods that look at a layer; default: "
        "the last one with places")  # fmt: skip
    add("--target", "--class", dest="target", metavar="CLASS",
        help="the class to explain, by name or number; default: the top one")  # fmt: skip
    add("--expected", metavar="CLASS", help="the class that you expected: its maps, and what "
        "speaks for the other one rather than it")  # fmt: skip
    add("--methods", metavar="LIST", help="names with commas between them, such as "
        "grad_cam,lime,ig; default: what fits the network")  # fmt: skip
    add("--out", metavar="FOLDER|FILE", help="a folder for all that is found out; or, for one "
        "photograph, a picture. Default: PHOTO_explained.png, or the folder explained")  # fmt: skip
    add("--report", metavar="FILE", help="a page (.html) with everything, for a colleague")
    add("--weights", metavar="KIND", help='of a NAME: "course" (default), "imagenet" or a file')
    add("--unsafe", action="store_true", help="run the code that a .keras file may hold (Lambda "
        "layers): only for a file that you made, or whose maker you trust")  # fmt: skip
    one.set_defaults(run=explain_photographs)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command: 0 if all is done, 1 if files were skipped, 2 if nothing could be done; 130."""
    chosen = parser().parse_args(arguments)
    try:
        done: int = chosen.run(chosen)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; with --out FOLDER the same command goes on from here", file=sys.stderr)
        return STOPPED
    return done


if __name__ == "__main__":
    sys.exit(main())
