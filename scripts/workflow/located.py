"""YAML files whose values know the line that they stand on, so that errors can name it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from equispike.models.errors import EquispikeError


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
        try:
            number = int(text)
        except ValueError:
            raise self.error(f"{name} needs a whole number, not '{text}'") from None
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


def read(path: Path) -> Located:
    """The contents of a YAML file.

    Raises
    ------
    EquispikeError
        There is no such file, it is not YAML, or a key comes twice.
    """
    try:
        root = yaml.compose(path.read_text(), yaml.SafeLoader)
    except OSError as error:
        raise EquispikeError(f"cannot read the sweep file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise EquispikeError(f"{path} is not a text file") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise EquispikeError(f"{path}{line}: this is not YAML: {getattr(error, 'problem', None) or error}") from None
    if root is None:
        raise EquispikeError(f"{path} is empty: a sweep file begins with lines such as 'system: diehl-cook'")
    return _located(root, path)


def _located(node: yaml.Node, path: Path) -> Located:
    where = f"{path}:{node.start_mark.line + 1}"
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, Located] = {}
        for key_node, value_node in node.value:
            key, value = str(key_node.value), _located(value_node, path)
            line = f"{path}:{key_node.start_mark.line + 1}"
            if key in entries:
                raise EquispikeError(f"{line}: {key} comes twice")
            # A block below its key is found at the key.
            entries[key] = value if isinstance(value.value, str) and value.value else Located(value.value, line)
        return Located(entries, where)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, path) for item in node.value], where)
    return Located("" if node.tag.endswith(":null") else str(node.value), where)
