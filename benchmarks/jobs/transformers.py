"""Jobs of the room transformers."""

from jobs.setting import FLOOR, Ways, job


def transformer_job(name: str) -> Ways:
    """Rollout or relevance of 16 pictures, beside one pass there and back."""
    import tensorflow as tf

    from lessons_lib import digits, transformers

    net, x = transformers.course_transformer(), digits.pictures(16).x
    ready = net.preprocess(tf.constant(x, tf.float32))

    @tf.function(autograph=False)
    def there_and_back(z: tf.Tensor) -> tf.Tensor:
        return tf.gradients(net.model.inner(z)[:, 3], z)[0]

    ways = {
        "rollout": lambda: transformers.rollout(net, x),
        "relevance": lambda: transformers.relevance(net, x, 3),
    }
    return {FLOOR: lambda: there_and_back(ready).numpy(), "lessons_lib": ways[name]}


for _name in ("rollout", "relevance"):
    job(f"{_name}, 16 pictures, digit transformer")(lambda name=_name: transformer_job(name))
