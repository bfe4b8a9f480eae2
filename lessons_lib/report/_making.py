"""`explain`: ask the network the questions that a person has about one answer."""

import contextlib
import functools
import importlib.metadata
import inspect
import platform
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import lessons_lib
from lessons_lib.basics.progress import bar
from lessons_lib.images import resize
from lessons_lib.judging import Curve, deletion, insertion
from lessons_lib.methods import CONTROLS, LINEAR, METHODS, Method, by_names, heat_maps
from lessons_lib.network.asking import Network
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.scores import Score, rather_than
from lessons_lib.report._explained import Explained, Finding

LARGEST = 1024  # pixels of a side, of the picture that is kept
SATURATED = 0.9999
STEPS = 15  # of a curve: with its start 16 pictures, one batch
LEAST_LEAD = 0.03  # of what a curve covers: a smaller lead may turn when it has finer steps
NEEDED = ("keras", "tensorflow", "numpy", "scikit-image", "pillow")

Heat = NDArray[np.float32]


def fitting_methods(network: Network, target: int | str | Score | None = None) -> list[str]:
    """The methods that `explain` takes where none is named.

    Those of Grad-CAM's family need a layer with places; a network that only answers is only asked.
    A `Score` may be of one region, where Grad-CAM gives all places the same weights: LayerCAM does
    not.

    Examples
    --------
    >>> from lessons_lib.network.black_box import BlackBox
    >>> box = BlackBox(lambda x: x.mean(axis=(1, 2)), None, (32, 32), ending="logits")
    >>> fitting_methods(box)
    ['LIME', 'KernelSHAP', 'occlusion', 'RISE']
    """
    if not isinstance(network, Classifier):
        return ["LIME", "KernelSHAP", "occlusion", "RISE"]
    if isinstance(target, Score):
        return ["LayerCAM"] * bool(network.layer) + ["LIME", "occlusion", "Integrated Gradients"]
    if network.layer:
        return ["Grad-CAM", "Score-CAM", "LIME", "KernelSHAP", "Integrated Gradients"]
    return ["LIME", "KernelSHAP", "occlusion", "Integrated Gradients"]


def explain(
    network: Network,
    picture: ArrayLike | Path,
    expected: int | str | None = None,
    *,
    target: int | str | Score | None = None,
    methods: Sequence[str] | Mapping[str, Method] | None = None,
    layer: str | None = None,
) -> Explained:
    r"""Explain what a network says of a picture, and what each of the explanations is worth.

    Up to three questions are asked. What speaks for the predicted class c? What speaks for the
    class d that was expected? What speaks for c *rather than* d? The last is the map of

    .. math:: S = y^c - y^d

    Where one number decides between the two, as a single sigmoid does, that is the first map again,
    and is left out. Each map is judged by deletion and insertion in 15 steps, beside a control
    that knows nothing of the class: the mean of the layer's channels, or a spot in the middle where
    no layer is looked at.

    Parameters
    ----------
    network
        A `Classifier` or a `BlackBox`.
    picture
        One picture, or the path of its file; RGB 0..255, or what the network takes.
    expected
        The class that was expected, by name or number.
    target
        The class to explain in place of the predicted one; or a `Score`.
    methods
        Names of `lessons_lib.methods.METHODS`, or a dict of methods of your own. Default: what fits
        the network (`fitting_methods`); one of these that cannot be had is left out, and said.
    layer
        Where methods look that look at a layer; default: the classifier's.

    Returns
    -------
    Explained

    Raises
    ------
    TypeError
        If the network is none.
    ValueError
        If there are several pictures, no such class, method or layer; if a class was expected of a
        network that is asked for a score; or if a method that was named does not fit.

    Warns
    -----
    UserWarning
        What the methods warn of; it is among `Explained.warnings` too.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> network, panda = models.load("squeezenet"), images.course_image("panda")
    >>> found = explain(network, panda, methods=["grad_cam"])
    >>> found
    <Explained a picture: giant panda 1.00, 1 method, 1 warning>
    >>> print(found.warnings[0][:45])
    the answer for 'giant panda' is saturated, at
    >>> [f.deletion < f.insertion for f in found.findings]
    [True, True]
    """
    if not isinstance(network, Network):
        raise TypeError(f"explain takes a Classifier or a BlackBox, not {type(network).__name__}")
    if isinstance(target, Score) and expected is not None:
        raise ValueError(f"target={target} is a score; only of a class another can be expected")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = _explained(network, picture, expected, target, methods, layer)
    said: list[str] = []
    for one in caught:
        if not issubclass(one.category, UserWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        elif str(one.message) not in said:
            said.append(str(one.message))
            warnings.warn(str(one.message), one.category, stacklevel=2)
    doubts = [what for what in network.doubts if f"{network.name}: {what}" not in said]
    fresh = [what for what in said if not any(what.endswith(doubt) for doubt in doubts)]
    return replace(found, warnings=(*doubts, *fresh, *found.warnings))


def _explained(
    network: Network,
    picture: Any,
    expected: int | str | None,
    target: int | str | Score | None,
    methods: Sequence[str] | Mapping[str, Method] | None,
    layer: str | None,
) -> Explained:
    pixels = network.checked(picture)
    if len(pixels) != 1:
        raise ValueError(f"explain takes one picture, but there are {len(pixels)}")
    asked, named = network.explaining(target)
    x = asked.prepare(pixels[0])
    (chosen,) = map(int, asked.chosen(x, named))
    other = None if expected is None else network.class_index(expected)
    ask = _Asking(asked, x, layer)
    if isinstance(methods, Mapping):
        wanted = dict(methods) or by_names([])  # which says that there is none
    else:
        wanted = by_names(fitting_methods(network, target) if methods is None else methods)
    _check_layer(wanted, layer)

    questions: dict[str, tuple[int, int | None]] = {"predicted": (chosen, None)}
    left_out = []
    if other == chosen:
        left_out.append(
            f"{asked.labels[chosen]!r} is both explained and expected: there is no difference"
        )
    elif other is not None:
        questions["expected"] = other, None
        if _one_number(asked, x, chosen, other):
            left_out.append(
                f"{ask.label(chosen, other)}: one number of the network decides between the two, "
                f"so the maps would be those of {asked.labels[chosen]!r} again"
            )
        else:
            questions["difference"] = chosen, other

    findings, refused = [], {}
    steps = iter(bar(range(len(questions) * (len(wanted) + 1)), desc="explaining"))
    heats: dict[tuple[str, int], Heat] = {}
    for question, (c, d) in questions.items():
        for name, method in wanted.items():
            next(steps)
            if name in refused:
                continue
            try:
                heat = ask.heat(name, method, c, d, heats)
            except (ValueError, TypeError) as error:
                if methods is not None:
                    raise
                refused[name] = error
                continue
            if heat is None:
                left_out.append(
                    f"{name} of {ask.label(c, d)}: for a BlackBox only maps of methods that are "
                    "linear in the score can be subtracted"
                )
                continue
            findings.append(ask.finding(question, c, d, name, heat))
        next(steps)
        findings.append(ask.finding(question, c, d, ask.control, ask.control_heat, control=True))
    next(steps, None)
    if len(refused) == len(wanted):
        raise next(iter(refused.values()))
    left_out += [f"{name}: {error}" for name, error in refused.items()]
    return Explained(
        name=Path(picture).name if isinstance(picture, str | Path) else "",
        picture=_shown(network, pixels[0]),
        network=repr(network).strip("<>"),
        answers=tuple(map(str, asked.top(x[0]))),
        findings=tuple(findings),
        warnings=tuple(_certain(findings, wanted, asked.kind)),
        left_out=tuple(left_out),
        settings={
            "network": network.name,
            "target": asked.labels[chosen],
            "expected": None if other is None else network.labels[other],
            "methods": list(wanted),
            "layer": ask.layer,
            "seed": 0,
        },
        versions=_versions(),
    )


class _Asking:
    """A network and a picture, asked for one class, or for one rather than another."""

    def __init__(self, network: Network, x: Heat, layer: str | None) -> None:
        self.network, self.x, self.given = network, x, layer
        self.answers = network.probabilities(x)[0]
        self.layer: str | None = None
        if isinstance(network, Classifier):
            self.layer = layer or network.layer or None
        self.control = f"mean of the channels of {self.layer}" if self.layer else "centre spot"

    def label(self, c: int, d: int | None) -> str:
        labels = self.network.labels
        return labels[c] if d is None else f"{labels[c]} rather than {labels[d]}"

    @functools.cached_property
    def control_heat(self) -> Heat:
        """The map of the control, which is the same for all classes."""
        if self.layer is None:
            return heat_maps(CONTROLS["centre"], self.network, self.x[0], 0)
        mean = lambda network, x, classes: network.activations(x, self.layer).mean(axis=-1)  # noqa: E731
        return heat_maps(mean, self.network, self.x[0], 0)

    def heat(
        self,
        name: str,
        method: Method,
        c: int,
        d: int | None,
        heats: dict[tuple[str, int], Heat],
    ) -> Heat | None:
        """The map of c, or of c rather than d; none, where a black box cannot have it."""
        layer = self.given if _looks_at_a_layer(method) else None
        if d is None:
            heats[name, c] = heat_maps(method, self.network, self.x[0], c, layer)
            return heats[name, c]
        if name in LINEAR and METHODS.get(name) is method:
            return heats[name, c] - heats[name, d]
        if not isinstance(self.network, Classifier):
            return None
        lead = rather_than(c, d, ending=self.network.ending, output=self.network.output)
        return heat_maps(method, self.network, self.x[0], lead, layer)

    def finding(
        self, question: str, c: int, d: int | None, name: str, heat: Heat, *, control: bool = False
    ) -> Finding:
        """The map with what it is worth."""

        def ahead(of: Callable[[int], Any]) -> Any:
            return of(c) - (0 if d is None else of(d))

        def followed(curve: Callable[..., Curve]) -> Curve:
            of = lambda k: curve(self.network, self.x[0], heat, k, steps=STEPS)  # noqa: E731
            return Curve(np.linspace(0, 1, STEPS + 1), ahead(lambda k: of(k).probability))

        hidden, shown = followed(deletion), followed(insertion)
        covered = max(np.ptp(hidden.probability), np.ptp(shown.probability))
        return Finding(
            question, self.label(c, d), float(ahead(lambda k: self.answers[k])), name, heat,
            hidden.area, shown.area, control, LEAST_LEAD * float(covered),
        )  # fmt: skip


def _certain(findings: Sequence[Finding], methods: Mapping[str, Method], kind: str) -> list[str]:
    """What is certain to be wrong with maps and answers, each with what to do."""
    found = []
    for name, method in methods.items():
        own = [f for f in findings if f.method == name and not f.control]
        blank = [repr(f.label) for f in own if np.ptp(f.heat) == 0]
        below = [repr(f.label) for f in own if np.ptp(f.heat) > 0 >= f.heat.max()]
        other = "another layer (layer=)" if _looks_at_a_layer(method) else "another method"
        if blank:
            found.append(
                f"the map of {name} for {', '.join(blank)} is blank: it has the same value "
                "everywhere, and its deletion and insertion are those of pixels in random order. "
                f"Take {other}."
            )
        if below:
            found.append(
                f"the map of {name} for {', '.join(below)} has no value above 0: nothing that it "
                "sees speaks for it, and a picture of it shows nothing. Look at the raw map, whose "
                "lowest values speak against it."
            )
    first = findings[0]
    if kind in ("logit", "log probability") and first.answer >= SATURATED:
        found.append(
            f"the answer for {first.label!r} is saturated, at {first.answer:.6f}: it cannot rise, "
            "and hardly falls until much is hidden. Say which class to compare with (expected=): "
            "the difference of the two tells more."
        )
    return found


def _one_number(network: Network, x: Heat, c: int, d: int) -> bool:
    """Whether the score of one class is that of the other with its sign turned: a single sigmoid.

    The difference of the two is then the score of the first, doubled.
    """
    if len(network.labels) != 2:
        return False
    scores = network.logits(np.concatenate([x, x[:, ::-1]]))  # on two pictures: not by chance
    return bool((scores[:, c] == -scores[:, d]).all())


def _looks_at_a_layer(method: Method) -> bool:
    return "layer" in inspect.signature(method).parameters


def _check_layer(methods: Mapping[str, Method], layer: str | None) -> None:
    if layer is not None and not any(map(_looks_at_a_layer, methods.values())):
        raise ValueError(f"layer={layer!r}: none of {', '.join(methods)} looks at a layer")


def _shown(network: Network, picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture for a screen, reduced first: as a photograph it would be copied several times."""
    height, width = picture.shape[:2]
    share = min(1, LARGEST / max(height, width))
    small = resize(picture, (max(1, round(height * share)), max(1, round(width * share))))
    shown: NDArray[np.uint8] = network.shown(small)
    return shown


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "lessons_lib": lessons_lib.__version__}
    for name in NEEDED:
        for distribution in (name, f"{name}-cpu"):
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):
                found.setdefault(name, importlib.metadata.version(distribution))
    return found
