"""Jobs of the room integrated_gradients."""

import numpy as np

from jobs.setting import FLOOR, Setting, Ways, job, pair_call


@job("Integrated Gradients, 50 steps, Xception")
def integrated_gradients() -> Ways:
    import saliency.core as pair
    import tensorflow as tf

    from lessons_lib.integrated_gradients import integrated_gradients

    s = Setting("xception")
    pairs = pair.IntegratedGradients()
    gradient = s.gradient()

    def compiled_call(batch: np.ndarray, *_: object, **__: object) -> dict[str, np.ndarray]:
        return {pair.INPUT_OUTPUT_GRADIENTS: gradient(tf.constant(batch, tf.float32)).numpy()}

    return {
        FLOOR: s.calls(50, gradient=True),
        "lessons_lib": lambda: integrated_gradients(
            s.net, s.photo, s.target, rule="gauss_legendre", num_steps=50
        ),
        "PAIR saliency": lambda: pairs.GetMask(
            s.ready[0], pair_call(s), {}, x_steps=50, batch_size=8
        ),
        "PAIR saliency, with our compiled gradient": lambda: pairs.GetMask(
            s.x[0], compiled_call, {}, x_steps=50, batch_size=8
        ),
    }
