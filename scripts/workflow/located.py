"""YAML files whose values know the line that they stand on, so that errors can name it.

A file is refused that is too large, nested too deeply, or grows by aliases: what a person writes is none of these.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from equispike.models.errors import EquispikeError

#: Bytes of a file, levels of lists and mappings in one another, values once aliases are followed, digits of a whole number.
MOST_BYTES, MOST_LEVELS, MOST_VALUES, MOST_DIGITS = 300_000, 20, 200_000, 18


@dataclass(frozen=True)
class Located:
    """A value of a YAML file: text (no type is guessed), a list or a mapping.

    Attributes
    ----------
    where : ``FILE:LINE``
    """

    value: str | list[Located] | dict[str, Located]
    where: str

    def error(self, message: str) -> EquispikeError:
        return EquispikeError(f"{self.where}: {message}")

    def text(self, name: str) -> str:
        if not isinstance(self.value, str) or not self.value:
            raise self.error(f"{name} needs one value")
        return self.value

    def whole(self, name: str, minimum: int = 1) -> int:
        text = self.text(name)
        if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text):
            raise self.error(f"{name} needs a whole number, not '{text}'")
        if len(text.strip().lstrip("+-0")) > MOST_DIGITS:
            raise self.error(f"{name} is a number of more than {MOST_DIGITS} digits: write a smaller one")
        number = int(text)
        if number < minimum:
            raise self.error(f"{name} must be at least {minimum}, but is {number}")
        return number

    def list(self, name: str) -> list[Located]:
        """The items of a list that is not empty; one value stands for a list of one."""
        items = self.value if isinstance(self.value, list) else [self]
        if not items or (isinstance(self.value, str) and not self.value):
            raise self.error(f"{name} is empty: give it at least one value")
        return items

    def mapping(self, name: str, known: tuple[str, ...] = ()) -> dict[str, Located]:
        """The entries of a mapping; of ``known`` names where there are any."""
        if not isinstance(self.value, dict):
            raise self.error(f"{name} needs lines such as 'key: value'")
        for key, each in self.value.items():
            if known and key not in known:
                raise each.error(f"unknown entry '{key}' of {name}; the entries are: {', '.join(known)}")
        return self.value

    def plain(self) -> Any:
        """The value without its lines: text, lists and dictionaries."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


def read(path: Path, kind: str = "the sweep file") -> Located:
    """The contents of a YAML file; no entries where it is empty.

    Raises
    ------
    EquispikeError
        There is no such file, it is not YAML, a key comes twice, or it is larger than what a person writes.
    """
    try:
        root = _composed(path)
    except OSError as error:
        raise EquispikeError(f"cannot read {kind} {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EquispikeError(f"{path} is not a text file") from None
    except RecursionError:
        raise _too_deep(str(path)) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise EquispikeError(f"{path}{line}: this is not YAML: {problem}") from None
    if root is None:
        return Located({}, f"{path}:1")
    return _located(root, path, 0, iter(range(MOST_VALUES)))


def _composed(path: Path) -> yaml.Node | None:
    # Opening one waits until somebody writes to it; what a shell makes of <(...) has its writer.
    if stat.S_ISFIFO(path.stat().st_mode) and not str(path).startswith(("/dev/fd/", "/proc/")):
        raise EquispikeError(f"{path} is a pipe: write a file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise EquispikeError(f"{path} is larger than {MOST_BYTES:,} bytes: write what differs in fewer lines")
    return yaml.compose(content.decode(), yaml.SafeLoader)


def _too_deep(where: str) -> EquispikeError:
    return EquispikeError(f"{where}: lists and mappings are in one another more than {MOST_LEVELS} deep: flatten them")


def _located(node: yaml.Node, path: Path, level: int, left: Iterator[int]) -> Located:
    where = f"{path}:{node.start_mark.line + 1}"
    if level > MOST_LEVELS:
        raise _too_deep(where)
    if next(left, None) is None:
        raise EquispikeError(f"{where}: the file has more than {MOST_VALUES:,} values, aliases followed: write fewer")
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, Located] = {}
        for key_node, value_node in node.value:
            line = f"{path}:{key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise EquispikeError(f"{line}: a key must be a word, not a list or mapping")
            key, value = str(key_node.value), _located(value_node, path, level + 1, left)
            if key in entries:
                raise EquispikeError(f"{line}: {key} comes twice")
            # A block below its key is found at the key.
            entries[key] = value if isinstance(value.value, str) and value.value else Located(value.value, line)
        return Located(entries, where)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, path, level + 1, left) for item in node.value], where)
    return Located("" if node.tag.endswith(":null") else str(node.value), where)
