"""What commands import: each is a second of start-up, or more."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

COMMAND = """
import json, sys
from equispike.scripts.cli import main
try:
    main()
except SystemExit as exit:
    assert not exit.code, exit.code
finally:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""

HEAVY = ["brian2", "numpy", "pandas", "jax", "sklearn", "matplotlib"]

#: Words of a command, and what it must not import.
WITHOUT = {
    "--help": HEAVY,
    "train --help": HEAVY,
    "list": ["brian2", "jax", "sklearn", "matplotlib"],
    "predict {pretrained} {picture}": ["sklearn", "pandas", "jax", "equinox", "matplotlib"],
}


def loaded(*words: str) -> set[str]:
    """The modules that a command leaves behind."""
    done = subprocess.run([sys.executable, "-c", COMMAND, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", WITHOUT)
def test_commands_import_no_more_than_they_need(request, tmp_path, command):
    one = np.zeros((28, 28), np.uint8)
    one[4:24, 12:16] = 255
    Image.fromarray(one).save(tmp_path / "digit.png")
    places = {"pretrained": request.config.rootpath / "pretrained/diehl-cook-400", "picture": tmp_path / "digit.png"}
    assert not loaded(*(word.format(**places) for word in command.split())) & set(WITHOUT[command])


NAMES = """
names = {}
exec("from brian2 import *", names)
del names["__builtins__"]
for name in sorted(names):
    print(name, type(names[name]), *(getattr(names[name], key, "") for key in ("__module__", "__qualname__")))
"""


def names_of_brian2(*lines: str) -> str:
    done = subprocess.run([sys.executable, "-c", "\n".join([*lines, NAMES])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_brian2_without_pylab_is_brian2():
    """It has the same names for the same things, whoever is first, and takes no time for those that nobody asks for."""
    stock = names_of_brian2()
    assert "\nplot <class 'function'> matplotlib.pyplot" in stock
    ours = ["import equispike, brian2, sys", "assert 'matplotlib' not in sys.modules"]
    for more in ("from brian2 import plot", "assert 'hist' in dir(brian2) and not hasattr(brian2, 'nowhere')"):
        assert names_of_brian2(*ours, more) == stock, more
    for before in ("import brian2", "import matplotlib", "import matplotlib.pyplot"):
        assert names_of_brian2(before, "import equispike, brian2", "from brian2 import plot") == stock, before
