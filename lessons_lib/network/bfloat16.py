"""A twin of a network that computes with 16-bit numbers: twice as fast where the processor can."""

import keras

from lessons_lib.network.classifier import Classifier
from lessons_lib.network.layers import copy_of


def bfloat16(classifier: Classifier) -> Classifier:
    """A twin of a classifier that computes its convolutions with 16-bit numbers.

    On processors that have bfloat16 in hardware it is about twice as fast; on others it is slower.
    Numbers keep 8 bits of precision, so that maps differ a little. The
    layers without convolution, the last ones above all, stay as they are. The weights are a copy.

    It is for methods and measures that ask many times: Score-CAM, LIME, KernelSHAP, RISE,
    occlusion, the deletion and the insertion curve. All take the twin in place of the classifier.

    Parameters
    ----------
    classifier
        The network; its model must be one that Keras can clone (Functional or Sequential).

    Returns
    -------
    Classifier

    Examples
    --------
    The same photograph, hidden in part nine times: the two maps are hardly to be told apart.

    >>> from lessons_lib import images, models
    >>> from lessons_lib.maps import occlusion
    >>> network, panda = models.load("squeezenet"), images.course_image("panda")
    >>> exact, rough = (
    ...     occlusion(c, panda, "giant panda", window=112, stride=56)
    ...     for c in (network, bfloat16(network))
    ... )
    >>> rough.dtype, bool(abs(rough - exact).max() < 0.05 * abs(exact).max())
    (dtype('float32'), True)
    """

    def with_16_bits(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if "Conv" in type(layer).__name__:
            config["dtype"] = "mixed_bfloat16"
        return type(layer).from_config(config)

    twin = copy_of(classifier.model, clone_function=with_16_bits, recursive=True)
    return classifier.replace(model=twin)
