"""``equispike new``."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import click

from equispike.models.errors import EquispikeError

_TEMPLATES = Path(__file__).parents[1] / "templates"
#: By kind: the ending of the file, and what to try first.
_KINDS = {
    "neuron": (".py", "equispike experiment fi-curve FILE:MY_NAME"),
    "rule": (".py", "equispike train diehl-cook --set rule=FILE:MY_NAME --set n_exc=100 --images 1000"),
    "network": (".py", "equispike train FILE:MY_NAME --images 1000"),
    "data": (".py", "python FILE && equispike train diehl-cook --set n_exc=25 --data STEM.npz"),
    "sweep": (".yaml", "equispike sweep FILE"),
}


@click.command("new")
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.argument("file", type=click.Path(path_type=Path))
def command(kind: str, file: Path) -> None:
    """Write FILE, a neuron, rule, network, data set or sweep of your own to begin with: it is commented, and runs as it is.

    FILE ends in .py, or in .yaml for a sweep. What is in it is named after it.
    """
    from equispike.protocols.atomic_write import atomic_write

    ending, first = _KINDS[kind]
    if file.suffix != ending:
        name = file.with_suffix(ending) if file.name else f"my_{kind}{ending}"
        raise EquispikeError(f"a {kind} stands in a file that ends in {ending}: name it {name}")
    if not str(file).isprintable() or set(str(file)) & set("\"'\\"):
        raise EquispikeError(
            f"{str(file)!r} has quotes, a backslash or what cannot be printed in its name: choose another name"
        )
    if ending == ".py" and file.stem.isidentifier() and (file.stem in sys.modules or find_spec(file.stem)):
        raise EquispikeError(
            f"{file} would hide the Python package {file.stem} from programs beside it: choose another name"
        )
    if file.exists() or file.is_symlink():
        raise EquispikeError(f"{file} is there already: choose another name")
    text = (_TEMPLATES / f"{kind}{ending}").read_text(encoding="utf-8")
    with atomic_write(file) as temporary:
        temporary.write_text(_named(text, file), encoding="utf-8")
    click.echo(f"Wrote {file}. Next: {_named(first, file, shlex.quote)}")


def _named(text: str, file: Path, quoted: Callable[[str], str] = str) -> str:
    """A template's text with the names that ``file`` gives."""
    words = re.findall(r"[A-Za-z0-9]+", file.stem) or ["mine"]
    if words[0][0].isdigit():
        words.insert(0, "my")
    names = {
        "MY_NAME": "_".join(words).upper(),
        "MyName": "".join(word[0].upper() + word[1:] for word in words),
        "my-name": "-".join(words).lower(),
        "FILE": quoted(str(file)),
        "STEM": quoted(str(file.with_suffix(""))),
    }
    return re.sub(rf"\b({'|'.join(names)})(?=\b|Params)", lambda found: names[found[1]], text)
