"""What other installers are told is what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def of_pip(*extras: str) -> dict[str, SpecifierSet]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {each.name: each.specifier for each in map(Requirement, lines)}


def of_conda(lines: list) -> dict[str, SpecifierSet]:
    words = [re.fullmatch(r"([\w-]+) *(.*)", line).groups() for line in lines if isinstance(line, str)]  # type: ignore[union-attr]
    return {name: SpecifierSet(numbers) for name, numbers in words}


@pytest.mark.parametrize(("list_of", "extras"), [("run", ()), ("run_constrained", ("gradients",))])
def test_the_conda_recipe(list_of: str, extras: tuple[str, ...]) -> None:
    recipe = yaml.safe_load((ROOT / "conda/meta.yaml").read_text())
    assert recipe["package"]["version"] == PROJECT["version"]
    told = of_conda(recipe["requirements"][list_of])
    wanted = of_pip(*extras) if list_of == "run" else {n: s for n, s in of_pip(*extras).items() if n not in of_pip()}
    assert told == wanted | ({"python": SpecifierSet(PROJECT["requires-python"])} if list_of == "run" else {})


def test_the_conda_environment() -> None:
    told = of_conda(yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"])
    assert told.keys() - of_pip("gradients").keys() == {"python", "cxx-compiler", "make", "pip"}
    assert all(told[name] == numbers for name, numbers in of_pip("gradients").items())
