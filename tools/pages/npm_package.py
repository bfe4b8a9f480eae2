"""Fetch files out of a package of npm, once, and check it by its hash."""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

BUILD = Path(__file__).resolve().parents[2] / "build"

# For each package the hash that npm calls its integrity.
MATHJAX = "mathjax-3.2.2"
REVEAL = "reveal.js-5.2.1"
HASHES = {
    MATHJAX: "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/"
    "O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
    REVEAL: "r7//6mIM5p34hFiDMvYfXgyjXqGRta+/psd9YtytsgRl"
    "rpRzFv4RbH76TXd2qD+7ZPZEbpBDhdRhJaFgfQ7zNQ==",
}


def fetch(package: str, names: list[str], folder: Path) -> None:
    """Put files of a package into a folder; download it unless that was done before."""
    archive = BUILD / f"{package}.tgz"
    if not archive.exists():
        npm = shutil.which("npm")
        if npm is None:
            sys.exit(f"{package} is fetched by npm. Install Node.js first.")
        BUILD.mkdir(exist_ok=True)
        name, _, version = package.rpartition("-")
        command = [npm, "pack", "--silent", f"{name}@{version}"]
        subprocess.run(command, cwd=BUILD, check=True, stdout=subprocess.DEVNULL)
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != HASHES[package]:
        sys.exit(f"{archive} is not the file that it should be. Delete it and try again.")
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as files:
        for name in names:
            content = files.extractfile(f"package/{name}").read()
            (folder / PurePosixPath(name).name).write_bytes(content)
