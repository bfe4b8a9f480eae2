"""The files that come with the course: where they are, and whether they are whole.

Every file is hashed before a byte of it is parsed. The hashes are in ``data/SHA256SUMS``, and those
of the networks, with their sources and licences, in ``data/weights/manifest.json``.
"""

import hashlib
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"


class DamagedFileError(ValueError):
    """A file's bytes are not those that its hash promises."""


def checked_bytes(path: Path, digest: str, algorithm: str, cure: str) -> bytes:
    """A file's bytes, if they have the right hash.

    Parameters
    ----------
    path
        The file.
    digest
        The hash it must have, in hexadecimal.
    algorithm
        ``"sha256"`` or ``"md5"``.
    cure
        What to do if it is missing or damaged; ends the message.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    DamagedFileError
        If the hash is another one.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}. {cure}")
    content = path.read_bytes()
    found = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if found != digest:
        raise DamagedFileError(
            f"{path} is damaged, and was not loaded: it has {len(content)} bytes and the "
            f"{algorithm} {found[:12]}..., expected {digest[:12]}.... {cure}"
        )
    return content


def sums() -> dict[str, str]:
    """The SHA-256 of each photograph, table and text, by its path below ``data``."""
    lines = (DATA / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def course_bytes(name: str) -> bytes:
    """The bytes of one of the files that `sums` lists.

    Raises
    ------
    FileNotFoundError, DamagedFileError
        If the file is missing or not whole; the message says how to restore it.

    Examples
    --------
    >>> course_bytes("imagenet_classes.txt").decode().splitlines()[999]
    'n15075141 toilet tissue, toilet paper, bathroom tissue'
    """
    cure = f"Restore it with: git checkout -- data/{name}"
    return checked_bytes(DATA / name, sums()[name], "sha256", cure)
