"""A model's Brian2 equations are the only definition of its dynamics: strings of the other rooms have none."""

import ast
import re
from pathlib import Path

import pytest

from equispike.models.neurons import NEURONS
from equispike.models.plasticity import ALL_RULES

ROOT = Path(__file__).parents[1]
ROOMS = ("protocols", "analysis", "scripts", "equispike")
#: What equispike new writes for users, who begin their own models with it.
TEMPLATES = ROOT / "scripts/templates"
#: A differential equation, a change of a variable on a side of a synapse, or a line that is an assignment, spaced as ours.
DYNAMICS = re.compile(
    r"\bd\w+\s*/\s*dt\s*=(?!=)|\b\w+_(?:pre|post)\s*[-+*/]?=(?!=)|^\s*[A-Za-z]\w* [-+*/]?=(?= \S)", re.MULTILINE
)
_STUDY = "a study that builds by hand, in Brian2 and in snnTorch, the network of common tutorials"
_IMPORTS = "a program in Python that imports packages"
#: Strings that look like dynamics, by file and what they begin with, and why they may.
ALLOWED = {
    ("analysis/figures/experiments/synaptic_kernel.py", "w ="): "a label of a line, with its weight",
    ("protocols/doctor/building.py", "sum +="): "a program in C++, to see whether the compiler works",
    ("protocols/doctor/packages.py", "report ="): _IMPORTS,
    ("protocols/doctor/packages.py", "fault ="): _IMPORTS,
    ("scripts/studies/gradient_cost.py", "dv/dt ="): _STUDY,
    ("scripts/studies/gradient_cost.py", "score +="): _STUDY,
    ("scripts/studies/gradient_cost.py", "v_post +="): _STUDY,
}


def dynamics(source: str) -> list[tuple[int, str]]:
    """Return lines and beginnings of what looks like dynamics in a program's strings, docstrings apart."""
    tree = ast.parse(source)
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for node in ast.walk(tree):
        if id(node) in apart:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        else:
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        found += [(node.lineno, match.group().strip()) for match in DYNAMICS.finditer(text)]
    return found


def test_dynamics_stand_in_models_only():
    seen = {}
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    for path in (path for path in files if path.parent != TEMPLATES):
        for line, text in dynamics(path.read_text()):
            seen[str(path.relative_to(ROOT)), text] = line
    found = [f"{file}, line {line}: {text}" for (file, text), line in seen.items() if (file, text) not in ALLOWED]
    assert not found, f"dynamics outside of models, which belong to a part or network there: {'; '.join(found)}"
    assert seen.keys() == ALLOWED.keys()


@pytest.mark.parametrize(
    "text",
    [neuron.equations for neuron in NEURONS.values()]
    + [text for rule in ALL_RULES.values() for text in (rule.at_pre_spike, rule.on_pre, rule.on_post) if text]
    + ["ge_post += w", "v = v_reset", "v -= v_threshold", "w *= 2", "d += reward\nx = 1"],
)
def test_dynamics_are_noticed(text):
    assert dynamics(f"on_pre = {text!r}") and dynamics(f"on_pre = f{text!r}")


def test_prose_settings_and_comparisons_are_not():
    for text in ("w is clipped", "set rest=full", "i == 0", "v_post == 3", "--set n_exc=400"):
        assert not dynamics(f"on_pre = {text!r}"), text
    assert not dynamics('"""tau dv/dt = v_rest - v"""')
