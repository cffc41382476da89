"""A run says what made it: every command, and the code as it was committed."""

import shutil
import subprocess
from pathlib import Path

from small_runs import small_spec

from equispike.protocols import provenance
from equispike.protocols.data import load
from equispike.protocols.run_folder import RunFolder
from equispike.protocols.training import train

FAST = {"n_exc": 4, "n_spikes_min": 0, "t_present": "10*ms", "t_rest_simulated": "5*ms", "w_total": 400}


def test_resuming_keeps_the_commands_before(tmp_path: Path, monkeypatch) -> None:
    spec, data = small_spec("diehl-cook", FAST, 1, chunk_images=1), load("digits")
    run = RunFolder.create(tmp_path / "run")
    for words, images in ((["train", "a"], 1), (["train", "--resume"], 2), (["train", "in vain"], 2)):
        monkeypatch.setattr("sys.argv", ["equispike", *words])
        train(spec.replaced(n_images=images), data, run)
    commands = run.read_json("run.json")["commands"]
    assert [each["command"] for each in commands] == [["equispike", "train", "a"], ["equispike", "train", "--resume"]]
    assert all(each["date"].startswith("20") and each["date"].endswith("+00:00") for each in commands)


def test_only_changes_of_tracked_files_mark_the_commit(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "protocols").mkdir()
    shutil.copy(provenance.__file__, tmp_path / "protocols" / "provenance.py")
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "protocols" / "provenance.py"))

    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], cwd=tmp_path, check=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    (tmp_path / "notes.txt").write_text("not tracked\n")
    assert not provenance._commit().endswith("+")
    (tmp_path / "protocols" / "provenance.py").write_text("changed\n")
    assert provenance._commit().endswith("+")
