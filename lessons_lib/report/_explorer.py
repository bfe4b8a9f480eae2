"""The explorer: `explain` with widgets, and the lines of code that do the same."""

import html
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from lessons_lib.images import PHOTOGRAPH, course_image, course_images, load_image
from lessons_lib.methods import METHODS
from lessons_lib.network.asking import Network
from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import candidates
from lessons_lib.report._making import LARGEST, explain, fitting_methods

LOOKED_AT = LARGEST**2  # pixels of an upload; no network sees as many
TOP = "the predicted class"
DEFAULT = "the network's own layer"


def explorer(networks: Mapping[str, Network], picture: str = "koala") -> ipywidgets.VBox:
    """Widgets for picture, network, class, layer and methods; the maps, and the code for them.

    All can be reached and changed by keys alone. What goes wrong is said above the maps. A network
    of one channel, or of another range of values, is shown the photograph in grey, or stretched to
    its range; the code says so.

    Parameters
    ----------
    networks
        Those to choose from, by name.
    picture
        Which of the course's photographs is chosen at first; a reader may upload another.

    Returns
    -------
    ipywidgets.VBox
        The last line of a cell shows it.

    Raises
    ------
    ValueError
        If there is no network, or no such photograph.
    TypeError
        If one is none, or they have no names.

    Examples
    --------
    >>> from lessons_lib import models
    >>> shown = explorer({"squeezenet": models.load("squeezenet")})
    >>> [widget.description for widget in shown.children[:5]]
    ['Picture', 'or upload', 'Network', 'Class', 'Layer']
    """
    if not isinstance(networks, Mapping):
        raise TypeError(
            "the explorer takes networks by their names, explorer({'mine': network}), not "
            f"{type(networks).__name__}"
        )
    if not networks:
        raise ValueError("the explorer needs a network: explorer({'mine': network})")
    course_image(picture)  # or it says which there are
    for name, network in networks.items():
        if not isinstance(network, Network):
            kind = type(network).__name__
            raise TypeError(f"{name!r} must be a Classifier or a BlackBox, not {kind}")
    choice = ipywidgets.Dropdown(description="Picture", options=course_images(), value=picture)
    upload = ipywidgets.FileUpload(description="or upload", accept="image/*", multiple=False)
    chosen = ipywidgets.Dropdown(description="Network", options=list(networks))
    target = ipywidgets.Combobox(description="Class", placeholder=TOP)
    layer = ipywidgets.Dropdown(description="Layer")
    methods = ipywidgets.SelectMultiple(description="Methods", rows=5)
    button = ipywidgets.Button(description="Explain", button_style="primary")
    said, maps, code = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()

    def fit(_: Any = None) -> None:
        """Offer what the chosen network has."""
        network = networks[chosen.value]
        target.options, target.value = tuple(map(str, network.labels)), ""
        looks = isinstance(network, Classifier)
        names = candidates(network.layers, network.spatial_layers) if looks else []  # type: ignore[attr-defined]
        layer.options, layer.value = [DEFAULT, *names], DEFAULT  # or at first none is chosen
        fitting = fitting_methods(network)
        # A black box cannot be asked for a gradient; all else may be tried.
        methods.options = list(METHODS) if looks else fitting
        methods.value = fitting[:1]

    def run(_: Any) -> None:
        said.value, maps.value, code.value = _saying("asking the network ..."), "", ""
        try:
            network = networks[chosen.value]
            pixels, line = _suited(*_picture(upload.value, choice.value), network)
            options: dict[str, Any] = {"methods": list(methods.value)}
            if target.value.strip():
                options["target"] = target.value.strip()
            if layer.value != DEFAULT:
                options["layer"] = layer.value
            if not methods.value:
                raise ValueError("choose a method, or several")
            found = explain(network, pixels, **options)
        except Exception as error:  # whatever a stranger's file or network does is said, not thrown
            said.value = _saying(_sentence(error))
            return
        said.value = ""
        maps.value = found._repr_html_()
        code.value = _block(_code(chosen.value, line, options))

    chosen.observe(fit, "value")
    button.on_click(run)
    fit()
    return ipywidgets.VBox(
        [choice, upload, chosen, target, layer, methods, button, said, maps, code]
    )


def _picture(uploaded: Any, name: str) -> tuple[NDArray[np.uint8], str]:
    """The picture that was uploaded last, or the course's; and the line that reads it."""
    if not uploaded:
        return course_image(name), f"images.course_image({name!r})"
    # ipywidgets 8 gives a tuple of dicts, 7 (Colab) a dict of dicts by name
    files = (
        [{"name": key} | dict(file) for key, file in uploaded.items()]
        if isinstance(uploaded, dict)
        else list(uploaded)
    )
    name, content = files[-1]["name"], bytes(files[-1]["content"])
    with tempfile.TemporaryDirectory() as folder:  # read as the code for copying reads it
        path = Path(folder, "upload")
        path.write_bytes(content)
        try:
            picture = load_image(path, LOOKED_AT)
        except ValueError as error:
            raise ValueError(str(error).replace(str(path), name)) from error
    return picture, f"images.load_image({name!r}, most_pixels={LOOKED_AT})"


def _suited(picture: NDArray[np.uint8], line: str, network: Network) -> tuple[NDArray[Any], str]:
    """A photograph in the network's channels and range of values, and the line that makes it so."""
    suited: NDArray[Any] = picture
    if network.channels == 1:
        suited, line = suited.mean(axis=-1), f"{line}.mean(axis=-1)"
    if network.value_range != PHOTOGRAPH:
        suited = np.interp(suited, PHOTOGRAPH, network.value_range)
        line = f"np.interp({line}, {PHOTOGRAPH}, {network.value_range})"
    return suited, line


def _code(network: str, picture: str, options: Mapping[str, Any]) -> str:
    """The lines that give what is shown."""
    given = "".join(f",\n    {name}={value!r}" for name, value in options.items())
    return (
        f"{'import numpy as np' * picture.startswith('np.')}\n"
        "from lessons_lib import explain, images\n\n"
        f"picture = {picture}\n"
        f"explain(networks[{network!r}], picture{given})"
    ).strip()


def _sentence(error: Exception) -> str:
    first = (str(error) or type(error).__name__).splitlines()[0]
    return f"{first[0].upper()}{first[1:]}{'' if first.endswith(('.', '?', '!')) else '.'}"


def _saying(text: str) -> str:
    return f'<p role="status" style="font-weight: bold">{html.escape(text)}</p>'


def _block(code: str) -> str:
    return (
        "<p>The same in code, to copy:</p>"
        f'<pre tabindex="0" aria-label="the same in code">{html.escape(code)}</pre>'
    )
