"""A run folder as a research object: every file, what made it and of what, in an archive that others' programs read."""

import zipfile
from pathlib import Path

import pytest
from small_runs import saved_run

rocrate = pytest.importorskip("rocrate.rocrate")


def test_a_run_is_read_again_by_others(equispike, tmp_path: Path) -> None:
    run = saved_run("run", "spiking-mlp", layers="784,12,10")
    assert equispike("export", "run", "--out", "run.zip").out.strip() == "run.zip"
    crate = rocrate.ROCrate("run.zip")
    files = {path.name for path in run.path.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert {each.id for each in crate.root_dataset["hasPart"]} == files >= {"run.json", "arrays.npz"}
    with zipfile.ZipFile("run.zip") as archive:
        assert archive.read("arrays.npz") == (run.path / "arrays.npz").read_bytes()
    record = run.read_json("run.json")
    assert crate.get("#data")["sha256"] == record["data"]["checksum"]
    assert record["commit"] in crate.get("#equispike")["softwareVersion"]
    actions = crate.get_by_type("CreateAction")
    assert len(actions) == len(record["commands"]) and {each.id for each in actions[0]["result"]} == files


def test_an_archive_within_itself_is_refused(equispike) -> None:
    saved_run("run", "spiking-mlp", layers="784,12,10")
    assert "lies in the run folder" in equispike("export", "run", "--out", "run/run.zip").sentence
    assert not Path("run/run.zip").exists()
