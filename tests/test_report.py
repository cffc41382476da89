"""The page of a report: whole, true to its records, and working in a browser."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_comparison import record

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def page(equispike) -> Path:
    record(Path("runs"), "<b>a0", 0.9123)
    record(Path("runs"), "b1", 0.5432, shift=0, measured=False)
    assert equispike("report", "runs", "--out", "pages/report.html", "--title", "A <title>").code == 0
    return Path("pages/report.html").resolve()


def test_page_says_what_the_records_say(page: Path, equispike) -> None:
    text = page.read_text()
    assert "A &lt;title&gt;" in text and "<b>a0" not in text and "&lt;b&gt;a0" in text
    assert "91.23" in text and "54.32" in text and "4.6 pJ" in text
    assert text.count("<section") == 2 and "commit abc" in text
    record(Path("runs"), "c2", 0.7777, shift=1)
    assert equispike("report", "runs", "--out", "pages/report.html").code == 0
    assert "77.77" in page.read_text()


def test_page_loads_nothing(page: Path) -> None:
    sources = re.findall(r"<(?:img|script|link|iframe)[^>]*(?:src|href)=\"([^\"]{0,40})", page.read_text())
    assert sources and all(source.startswith("data:image/png;base64,") for source in sources)


def test_what_is_wrong_is_said_in_a_sentence(equispike) -> None:
    assert "there is no folder nothing" in equispike("report", "nothing", "--out", "a.html").sentence
    run = record(Path("runs"), "a0", 0.5)
    Path("file").touch()
    assert "cannot be written" in equispike("report", "runs", "--out", "file/a.html").sentence
    (run.path / "workload.json").write_text("{")
    assert "is damaged" in equispike("report", "runs", "--out", "a.html").sentence
    assert [path.name for path in Path().glob("*.html")] == []


@pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium")
def test_page_in_a_browser(page: Path) -> None:
    """All pictures are shown, and the table can be sorted: mlp with 54 % comes first after a second click."""
    check = """<script>addEventListener("load", () => {
      const pictures = [...document.images], button = document.querySelectorAll("thead button")[4];
      button.click(); const down = document.querySelector("tbody").rows[0].cells[4].textContent;
      button.click(); const up = document.querySelector("tbody").rows[0].cells[4].textContent;
      document.body.dataset.found = [pictures.length, pictures.filter((each) => each.naturalWidth > 0).length, down, up];
    })</script></body>"""
    page.write_text(page.read_text().replace("</body>", check))
    words = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={page.parent / 'profile'}",
             "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", page.as_uri()]  # fmt: skip
    outcome = subprocess.run(words, capture_output=True, text=True, timeout=120)
    (found,) = re.findall(r"data-found=\"([^\"]*)\"", outcome.stdout)
    n, shown, down, up = found.split(",")
    assert n == shown and int(n) >= 1 and (down, up) == ("91.23", "54.32")
    assert "CONSOLE" not in outcome.stderr
