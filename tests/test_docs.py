"""Pages lead where they say, and name commands that there are."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from click.testing import CliRunner

from equispike.scripts.cli import equispike

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs/recipes").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_sections(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, section = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if section:
            titles = re.findall(r"^#+ (.+)$", there.read_text(), flags=re.MULTILINE)
            assert section in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_their_options_are_there(page: Path) -> None:
    text, helps = page.read_text(), {}
    for line in re.findall(r"^ {4}equispike ([a-z]+ .*)$", text, flags=re.MULTILINE):
        name, *words = line.partition("#")[0].split()
        if name not in helps:
            helps[name] = CliRunner().invoke(equispike, [name, "--help"]).output
            assert "Usage:" in helps[name], f"{page.name}: equispike {name}"
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert re.search(rf"{option}\b", helps[name]), f"{page.name}: equispike {name} {option}"


def test_every_page_is_in_the_contents_of_the_site() -> None:
    docs, patterns = ROOT / "docs", []
    for contents in re.findall(
        r"^```\{toctree\}\n(.*?)^```", (docs / "index.md").read_text(), re.MULTILINE | re.DOTALL
    ):
        patterns += [line for line in contents.splitlines() if line and not line.startswith(":")]
    pages = [path.relative_to(docs).with_suffix("") for kind in ("md", "ipynb") for path in docs.rglob(f"*.{kind}")]
    lost = {
        str(page)
        for page in pages
        if page.parts[0] != "catalogue" and not any(fnmatch(page, each) for each in patterns)
    }
    assert lost == {"index"}
