"""What a page of docs/recipes holds: files, whose fences are marked ``python file=my_map.py``, and commands, in fences of ``sh``.

``python tests/recipes.py`` carries every page out in a folder of its own and keeps its pictures (make figures).
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted((DOCS / "recipes").glob("*.md"))


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """Yield ``(file, its text)`` and ``("", command)``, in the order of the page."""
    for info, text in re.findall(r"^```([^\n`]+)\n(.*?)^```$", page.read_text(), flags=re.MULTILINE | re.DOTALL):
        _, _, file = info.partition(" file=")
        if file:
            yield file, text
        elif info == "sh":
            yield from (("", line) for line in text.splitlines() if shlex.split(line, comments=True))


def pictures(page: Path) -> list[Path]:
    """Return the pictures that a page shows and that its commands draw."""
    shown = re.findall(r"!\[[^\]]*\]\(\.\./(figures/recipes/[^)]+)\)", page.read_text())
    return [DOCS / each for each in shown]


def drawn(folder: Path, picture: Path) -> Path:
    """Return the file of that name which a page has left in ``folder``."""
    (found,) = folder.rglob(picture.name)
    return found


def main() -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for page in PAGES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, text in steps(page):
                if file:
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    (folder / file).write_text(text)
                else:
                    subprocess.run(["sh", "-c", text], cwd=folder, env={**os.environ, "PATH": path}, check=True)
            for picture in pictures(page):
                picture.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(drawn(folder, picture), picture)


if __name__ == "__main__":
    main()
