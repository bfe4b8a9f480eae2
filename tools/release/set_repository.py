"""Write the repository's address and tag, as pyproject.toml has them, wherever they stand.

They stand in the Colab badges, the link to Binder, the clone lines, the notebooks' set-up cell and
CITATION.cff. What they were before is read from the first badge in README.md.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLAB = "https://colab.research.google.com/github/"
BADGE = re.compile(re.escape(COLAB) + r"(?P<name>[^/\s]+/[^/\s]+)/blob/(?P<tag>[^/\s]+)/")


def settled(root: Path = ROOT) -> tuple[str, str]:
    """Owner and name of the repository, and the tag, that pyproject.toml gives."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"].removesuffix("/").removesuffix(".git")
    return address.removeprefix("https://github.com/"), f"v{project['version']}"


def files(root: Path = ROOT) -> list[Path]:
    """Every file that may name the repository."""
    texts = [root / "README.md", root / "CONTRIBUTING.md", root / "CITATION.cff"]
    return texts + sorted((root / "notebooks").glob("*.ipynb"))


def rewritten(text: str, old: tuple[str, str], new: tuple[str, str]) -> str:
    """Replace the address and the tag, as whole words.

    >>> rewritten("git clone --branch v0.1.0 https://github.com/a/b.git", ("a/b", "v0.1.0"),
    ...           ("c/d", "v0.2.0"))
    'git clone --branch v0.2.0 https://github.com/c/d.git'
    """
    (old_name, old_tag), (new_name, new_tag) = old, new
    name = re.compile(rf"(github\.com/|github/|/gh/){re.escape(old_name)}(?![\w-])")
    text = name.sub(lambda match: match[1] + new_name, text)
    text = re.sub(rf"(?<![\w.]){re.escape(old_tag)}(?![\w]|\.\d)", new_tag, text)
    return re.sub(rf'(?m)^version: "?{re.escape(old_tag[1:])}"?$', f"version: {new_tag[1:]}", text)


def main() -> None:
    """Rewrite the files, and name those that changed."""
    new = settled()
    badge = BADGE.search((ROOT / "README.md").read_text(encoding="utf-8"))
    if badge is None:
        raise SystemExit("README.md has no Colab badge to read the present address from.")
    for path in files():
        before = path.read_bytes().decode("utf-8")
        after = rewritten(before, (badge["name"], badge["tag"]), new)
        if after != before:
            path.write_bytes(after.encode("utf-8"))
            print("rewritten:", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
