"""The same work in PyTorch, captum and onnxruntime, on the architecture of VGG16.

    pip install torch captum onnx onnxruntime
    python benchmarks/frameworks.py [--runs 5]

These libraries are not in the course's lock, so this runs by hand, and what it printed stands in
ONCE.md. The weights are random, which makes no difference to the time. Each library does its work
at once or in batches of 8; the runs are interleaved. Prints a Markdown table.
"""

import argparse
import io
import statistics

import captum.attr
import numpy as np
import onnxruntime
import tensorflow as tf
import torch
from jobs.setting import Setting
from run import timed, version

from lessons_lib.integrated_gradients import integrated_gradients
from lessons_lib.lime import sample_image, superpixels
from lessons_lib.maps.occlusion import occlusion
from lessons_lib.network.graph import in_batches

BATCH = 8


def vgg16() -> torch.nn.Module:
    """VGG16 as PyTorch has it, from a picture of 224 pixels to 1000 logits."""
    layers: list[torch.nn.Module] = []
    channels = 3
    for block in ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3):
        for width in block:
            layers += [torch.nn.Conv2d(channels, width, 3, padding=1), torch.nn.ReLU()]
            channels = width
        layers.append(torch.nn.MaxPool2d(2))
    layers.append(torch.nn.Flatten())
    for before, after in ((512 * 49, 4096), (4096, 4096), (4096, 1000)):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1]).eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs

    s, theirs = Setting("vgg16"), vgg16()
    x = torch.rand(1, 3, 224, 224)
    file = io.BytesIO()
    torch.onnx.export(theirs, (x,), file, dynamo=False, dynamic_axes={"input": {0: "n"}},
                      input_names=["input"], output_names=["logits"])  # fmt: skip
    session = onnxruntime.InferenceSession(file.getvalue())
    sixteen = np.random.default_rng(0).random((16, 3, 224, 224), np.float32)
    ours = s.net.compiled("bare", lambda z: (s.net.forward(z),))
    pixels = np.moveaxis(sixteen, 1, -1) * 255
    segments = superpixels(s.x[0])
    feature_mask = torch.tensor(segments)[None, None]
    captum_ig = captum.attr.IntegratedGradients(theirs)
    captum_lime = captum.attr.Lime(theirs)

    @torch.no_grad()
    def on_torch() -> np.ndarray:
        return np.concatenate(
            [theirs(torch.tensor(sixteen[i : i + BATCH])).numpy() for i in (0, BATCH)]
        )

    def on_onnx() -> np.ndarray:
        return np.concatenate(
            [session.run(None, {"input": sixteen[i : i + BATCH]})[0] for i in (0, BATCH)]
        )

    jobs = {
        "16 pictures forward": {
            "lessons_lib": lambda: in_batches(ours, pixels, batch_size=BATCH),
            "PyTorch": on_torch,
            "onnxruntime": on_onnx,
        },
        "Integrated Gradients, 16 steps": {
            "lessons_lib": lambda: integrated_gradients(
                s.net, s.photo, s.target, rule="gauss_legendre", num_steps=16
            ),
            "captum": lambda: captum_ig.attribute(
                x, target=0, n_steps=16, internal_batch_size=BATCH
            ),
        },
        "occlusion, 49 windows": {
            "lessons_lib": lambda: occlusion(s.net, s.photo, s.target, window=32, stride=32),
            "captum": lambda: captum.attr.Occlusion(theirs).attribute(
                x, (3, 32, 32), (3, 32, 32), target=0, perturbations_per_eval=BATCH
            ),
        },
        "LIME, 32 samples": {
            "lessons_lib": lambda: sample_image(s.net, s.photo, segments, samples=32),
            "captum": lambda: captum_lime.attribute(
                x, target=0, feature_mask=feature_mask, n_samples=32, perturbations_per_eval=BATCH
            ),
        },
    }
    versions = ", ".join(f"{n} {version(n)}" for n in ("torch", "captum", "onnxruntime"))
    print(f"{versions}; TensorFlow {tf.__version__}\n")
    print("| VGG16 | | seconds | over lessons_lib | from - to |\n|---|---|---|---|---|")
    for job, ways in jobs.items():
        for way in ways.values():
            way()
        times = [{name: timed(way) for name, way in ways.items()} for _ in range(runs)]
        for name in ways:
            ratios = [run[name] / run["lessons_lib"] for run in times]
            first = name == "lessons_lib"
            print(
                f"| {job if first else ''} | {name} | "
                f"{statistics.median(run[name] for run in times):.2f} | "
                f"{'' if first else f'{statistics.median(ratios):.2f}'} | "
                f"{'' if first else f'{min(ratios):.2f} - {max(ratios):.2f}'} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
