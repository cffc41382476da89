"""Python, and packages: are they there, in versions that are wanted, and can they be imported?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from equispike.protocols.doctor.asking import ask
from equispike.protocols.doctor.findings import Finding

#: By extra of the installation: names on the package index, and of the modules.
PACKAGES: dict[str, dict[str, str]] = {
    "": {
        "brian2": "brian2",
        "cython": "Cython",
        "setuptools": "setuptools",
        "numpy": "numpy",
        "scipy": "scipy",
        "pandas": "pandas",
        "seaborn": "seaborn",
        "scikit-learn": "sklearn",
        "scikit-image": "skimage",
        "pillow": "PIL",
        "jinja2": "jinja2",
        "pydantic": "pydantic",
        "click": "click",
        "rich": "rich",
        "pyyaml": "yaml",
        "packaging": "packaging",
    },
    "gradients": {"jax": "jax", "optax": "optax", "equinox": "equinox"},
    "exchange": {
        "h5py": "h5py",
        "neo": "neo",
        "nixio": "nixio",
        "pynwb": "pynwb",
        "rocrate": "rocrate",
        "elephant": "elephant",
        "nir": "nir",
    },
    "sweeps": {
        "snakemake": "snakemake",
        "snakemake-executor-plugin-slurm": "snakemake_executor_plugin_slurm",
        "optuna": "optuna",
        "pyarrow": "pyarrow",
    },
    "cuda": {"brian2cuda": "brian2cuda"},
}
_PURPOSES = {
    "gradients": "for what learns by gradients, ANNs and --backend jax",
    "exchange": "for spikes and export",
    "sweeps": "for sweeps",
    "cuda": "for --backend cuda, on a GPU",
}
_SECONDS = 180.0  # for all imports together: a cold file system of a cluster is slow

_IMPORTS = """
import importlib, os, sys
report = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
for name in sys.argv[1:]:
    report.write(name)
    report.flush()
    try:
        importlib.import_module(name)
        fault = ""
    except BaseException as error:
        fault = " ".join(f"{type(error).__name__}: {error}".split())
    report.write(f"\\t{fault}\\n")
"""


def python() -> Iterator[Finding]:
    """The interpreter, and Equispike itself."""
    yield Finding("Python", "ok", f"{platform.python_version()}, {sys.executable}", vital=True)
    try:
        yield Finding("equispike", "ok", metadata.version("equispike"))
    except metadata.PackageNotFoundError:
        yield Finding("equispike", "missing", "runs from its folder", "pip install --editable .")


def packages() -> Iterator[Finding]:
    """Each package: its version against the one that is asked for, and a real import."""
    versions = {name: _version(name) for names in PACKAGES.values() for name in names}
    faults = _import_faults([m for names in PACKAGES.values() for name, m in names.items() if versions[name]])
    wanted = _wanted()
    for extra, names in PACKAGES.items():
        for name, module in names.items():
            found, specifier = versions[name], wanted.get(name)
            exact = f"pip install '{name}{specifier or ''}'"
            vital = not extra
            if found is None:
                command = f"pip install 'equispike[{extra}]'" if extra else exact
                yield Finding(name, "missing", _PURPOSES.get(extra, ""), command, vital)
            elif specifier is not None and not specifier.contains(found, prereleases=True):
                yield Finding(name, "broken", f"{found}, needed is {specifier}", exact, vital)
            elif fault := faults.get(module):
                again = exact.replace("install", "install --force-reinstall", 1)
                yield Finding(name, "broken", f"{found}: {fault}", again, vital)
            else:
                yield Finding(name, "ok", found, vital=vital)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _wanted() -> dict:
    """What Equispike, as it was installed, asks for: a packaging.specifiers.SpecifierSet by name."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    try:
        requirements = [Requirement(line) for line in metadata.requires("equispike") or ()]
    except metadata.PackageNotFoundError:
        return {}
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements}


def _import_faults(modules: list[str]) -> dict[str, str]:
    """Why modules cannot be imported, tried in another process: some may end or stop it, and the rest goes on in a new one."""
    faults = {}
    while modules:
        answer = ask(sys.executable, "-P", "-W", "ignore", "-c", _IMPORTS, *modules, seconds=_SECONDS)
        told = [line.partition("\t") for line in answer.out.splitlines() if line.partition("\t")[0] in modules]
        if not told:
            return dict.fromkeys(modules, answer.fault or "cannot be imported")
        for name, tab, fault in told:
            if fault or not tab:
                faults[name] = fault or answer.fault or "ends the process that imports it"
        modules = modules[len(told) :]
    return faults
