"""The course's methods on your own photograph, from the shell.

python -m lessons_lib explain PHOTO
python -m lessons_lib explain PHOTO --model vgg16 --class macaw --methods grad_cam,score_cam
"""

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

DEFAULT = "grad_cam,score_cam,lime,shap,ig"
SHORT = {"shap": "KernelSHAP", "ig": "Integrated Gradients"}
EXAMPLES = """examples:
  python -m lessons_lib explain holiday/elephant.jpg
  python -m lessons_lib explain cat.png --model vgg16 --methods grad_cam,score_cam
  python -m lessons_lib explain drums.jpg --class "electric guitar" --out guitar.png

The picture shows the photograph and one map for each method. The table says how long each took, how
many pictures the network was asked about, and how fast the class's probability falls (deletion,
less is better) and rises (insertion, more is better) with the map's hottest pixels.
"""


def short_name(method: str) -> str:
    """How a method is called in the shell: "Grad-CAM++" is ``grad_cam_plus_plus``.

    Examples
    --------
    >>> short_name("Grad-CAM++"), short_name("gradient × input")
    ('grad_cam_plus_plus', 'gradient_times_input')
    """
    return (
        method.lower().replace("++", "_plus_plus").replace("×", "times").replace("-", "_")
    ).replace(" ", "_")


def chosen_methods(names: str) -> list[str]:
    """Full names of methods from a list with commas.

    Raises
    ------
    ValueError
        If one is unknown; the message lists all.
    """
    from lessons_lib.methods import METHODS

    known = {short_name(method): method for method in METHODS} | SHORT
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise ValueError(f"no method {', '.join(unknown) or names!r}; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(wanted)]


def explain_photo(arguments: argparse.Namespace) -> None:
    """Write the picture and print the table.

    Raises
    ------
    ValueError, OSError
        If photograph, model, class, method or place to write is not there.
    """
    import numpy as np

    from lessons_lib import images, methods, models, plotting
    from lessons_lib.judging.curves import deletion, insertion
    from lessons_lib.network.counter import counted

    names = chosen_methods(arguments.methods)
    out = Path(arguments.out or f"{Path(arguments.photo).stem}_explained.png")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {out.parent} to write {out.name} to")
    if out.suffix.lower() not in {".png", ".jpg", ".jpeg", ".pdf", ".svg", ".webp"}:
        raise ValueError(f"{out.name}: give a name that ends in .png, .jpg, .pdf, .svg or .webp")
    photo = images.load_image(arguments.photo)
    classifier, counter = counted(models.load(arguments.model, arguments.weights))
    wanted: int | str | None = arguments.target
    if isinstance(wanted, str) and wanted.isdigit():
        wanted = int(wanted)
    target = int(classifier.chosen(classifier.prepare(photo), wanted)[0])
    probability = classifier.probabilities(photo)[0, target]
    title = f"{classifier.labels[target]} (class {target}): {probability:.2f}"

    panels, titles = [photo], [f"{classifier.name}\n{title}"]
    rows = []
    for name in tqdm(names, desc="explaining", leave=False):
        counter.pictures, start = 0, time.perf_counter()
        heat = methods.heat_maps(methods.METHODS[name], classifier, photo, target)
        seconds, asked = time.perf_counter() - start, counter.pictures
        areas = [curve(classifier, photo, heat, target).area for curve in (deletion, insertion)]
        # A few hot pixels would leave all others invisible: they count as the top hundredth does.
        top = float(np.quantile(np.abs(heat), 0.99))
        panels.append(plotting.overlay(photo, np.clip(heat, 0, top) if top > 0 else heat))
        titles.append(f"{name}\ndeletion {areas[0]:.2f}, insertion {areas[1]:.2f}")
        rows.append(f"{name:22} {seconds:8.1f} {asked:9d} {areas[0]:9.2f} {areas[1]:10.2f}")
    lines = math.ceil(len(panels) / 4)  # of at most four panels, as equal as can be
    columns = math.ceil(len(panels) / lines)
    plotting.gallery(panels, titles, columns=columns).savefig(out, dpi=150)
    print(f"{arguments.photo}: {title}")
    print(f"{'method':22} {'seconds':>8} {'pictures':>9} {'deletion':>9} {'insertion':>10}")
    print("\n".join(rows))
    print(f"written: {out}")


def parser() -> argparse.ArgumentParser:
    """What the shell takes."""
    top = argparse.ArgumentParser(
        prog="python -m lessons_lib", description="Explain what an image classifier sees."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser(
        "explain",
        help="one picture with the maps of several methods side by side",
        description="One picture with the maps of several methods side by side, and their numbers.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("photo", metavar="PHOTO", help="a picture file (JPEG, PNG, WebP, ...)")
    one.add_argument(
        "--model", default="mobilenet_v2", metavar="NAME",
        help="mobilenet_v2 (default), vgg16, xception, squeezenet; with a file of weights also "
        "alexnet, googlenet, resnet18",
    )  # fmt: skip
    one.add_argument(
        "--weights", metavar="KIND", help='"course" (default), "imagenet" or the path of a file'
    )
    one.add_argument(
        "--class", dest="target", metavar="NAME",
        help="the class to explain, by name or number; default: the top one",
    )  # fmt: skip
    one.add_argument(
        "--methods", default=DEFAULT, metavar="LIST",
        help=f"names with commas between them; default: {DEFAULT}",
    )  # fmt: skip
    one.add_argument(
        "--out", metavar="FILE", help="where to write; default: PHOTO_explained.png, right here"
    )
    one.set_defaults(run=explain_photo)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 2 if it was asked for something that is not there."""
    chosen = parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
