"""Jobs of the room lime."""

import numpy as np

from jobs.setting import FLOOR, Setting, Ways, job, table_model


def lime_image_job(network: str, samples: int) -> Ways:
    """From the photograph to the coefficients of one class; the library with our superpixels."""
    from lime import lime_image

    from lessons_lib.lime import local_surrogate, sample_image, superpixels

    s = Setting(network)
    lime_image.tqdm = iter  # no progress bar

    def ours() -> None:
        segments = superpixels(s.x[0])
        local_surrogate(sample_image(s.net, s.photo, segments, samples=samples), s.target)

    def library() -> None:
        lime_image.LimeImageExplainer(random_state=0).explain_instance(
            s.x[0].astype("uint8"), s.net.probabilities, labels=(s.target,), top_labels=None,
            num_samples=samples, batch_size=16, segmentation_fn=superpixels,
        )  # fmt: skip

    return {FLOOR: s.calls(samples), "lessons_lib": ours, "lime": library}


job("LIME, 32 samples, VGG16")(lambda: lime_image_job("vgg16", 32))


job("LIME, 500 samples, MobileNetV2")(lambda: lime_image_job("mobilenet_v2", 500))


@job("LIME, 5,000 rows of a table")
def lime_table() -> Ways:
    from lime.lime_tabular import LimeTabularExplainer

    from lessons_lib.lime import local_surrogate, sample_table

    forest, X = table_model()
    rows = X[0] + np.random.default_rng(0).normal(size=(5000, X.shape[1])) * X.std(axis=0)
    library = LimeTabularExplainer(
        X, mode="regression", random_state=0, discretize_continuous=False
    )

    def ours() -> None:
        local_surrogate(sample_table(lambda Z: forest.predict(Z)[:, None], X[0], X))

    return {
        FLOOR: lambda: forest.predict(rows),
        "lessons_lib": ours,
        "lime": lambda: library.explain_instance(
            X[0], forest.predict, num_samples=5000, num_features=10
        ),
    }
