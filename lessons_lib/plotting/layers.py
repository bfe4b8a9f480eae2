"""The same method at several layers, side by side."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lessons_lib.plotting.pictures import gallery, overlay

if TYPE_CHECKING:  # a reader of tables or texts needs no TensorFlow
    from lessons_lib.network.classifier import Classifier
    from lessons_lib.network.scores import Score

MOST = 7  # with the picture two rows of four


def compare_layers(
    classifier: "Classifier",
    image: ArrayLike,
    target: "int | str | Score | None" = None,
    layers: Sequence[str] | None = None,
    method: Callable[..., Any] | None = None,
) -> Figure:
    r"""One picture, and the maps of it at several layers.

    Early layers have a fine grid, and see edges; late ones have a coarse grid, and see what the
    class is made of. Which one to look at is a choice.

    Parameters
    ----------
    classifier
        The network.
    image
        One picture, as `Classifier.prepare` takes it.
    target
        The class to explain, or a `Score`; default: the top class.
    layers
        Their names; default: for each size of the grid the last layer, from input to output, and of
        these the last seven.
    method
        From a classifier, a picture, a target and a layer to a map; default: Grad-CAM.

    Returns
    -------
    matplotlib.figure.Figure
        Titles name each layer and its grid.

    Raises
    ------
    ValueError
        If there is not one picture, no such layer, or no layer that has places.

    Examples
    --------
    >>> from lessons_lib import images, models
    >>> layers = ["fire3_concat", "fire5_concat"]
    >>> figure = compare_layers(
    ...     models.load("squeezenet"), images.course_image("panda"), layers=layers
    ... )
    >>> [axis.get_title() for axis in figure.axes[1:]]
    ['fire3_concat\n55 x 55', 'fire5_concat\n27 x 27']
    """
    from lessons_lib.grad_cam import grad_cam
    from lessons_lib.network.layers import candidates, choices

    network, chosen = classifier.explaining(target)
    x = classifier.prepare_one(image)
    (index,) = network.chosen(x, chosen).tolist()
    names = list(layers or candidates(classifier.layers, classifier.spatial_layers)[-MOST:])
    if not names:
        raise ValueError(f"{classifier.name}: {choices({})}")
    shown = classifier.shown(classifier.checked(image)[0])
    panels, titles = [shown], [network.labels[index]]
    for name in names:
        heat = (method or grad_cam)(network, x[0], index, name)
        panels.append(overlay(shown, heat))
        titles.append(f"{name}\n{heat.shape[0]} x {heat.shape[1]}")
    return gallery(panels, titles)
