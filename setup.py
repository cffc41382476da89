"""Folders of the top level become packages below ``equispike``; everything else stands in pyproject.toml."""

from setuptools import find_packages, setup

ROOMS = ("models", "protocols", "analysis", "scripts")
PACKAGES = [name for room in ROOMS for name in (room, *(f"{room}.{each}" for each in find_packages(room)))]

setup(
    packages=["equispike", *(f"equispike.{name}" for name in PACKAGES)],
    package_dir={"equispike": "equispike", **{f"equispike.{room}": room for room in ROOMS}},
)
