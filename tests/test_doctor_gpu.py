"""What equispike doctor says about GPUs: with none, with one that fails or that nothing uses, with one and all it needs."""

from pathlib import Path

import pytest
from test_doctor_checks import by_name

from equispike.models.codegen import BACKENDS
from equispike.protocols.doctor import gpu

SMI = "echo 'NVIDIA H100 80GB HBM3, 81559 MiB, {}'"


def test_no_gpu(programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENN_PATH", raising=False)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    found = by_name(gpu.gpu())
    assert {found[name].state for name in ("nvidia-smi", "nvcc", "GENN_PATH", *gpu.FOR_GPUS)} == {"not needed"}
    assert (found["jax.devices()"].state, found["jax.devices()"].found) == ("ok", "cpu (cpu)")


@pytest.mark.parametrize(("driver", "extra"), [("580.65.06", "cuda13"), ("550.54.14", "cuda12")])
def test_a_gpu_that_nothing_uses_yet(programs, monkeypatch: pytest.MonkeyPatch, driver: str, extra: str) -> None:
    monkeypatch.delenv("GENN_PATH", raising=False)
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    programs(nvidia_smi=SMI.format(driver))
    found = by_name(gpu.gpu())
    assert found["nvidia-smi"].state == "ok" and driver in found["nvidia-smi"].found
    assert {found[name].state for name in ("nvcc", "GENN_PATH", "jax.devices()", *gpu.FOR_GPUS)} == {"missing"}
    assert found["jax.devices()"].to_do == f"pip install 'jax[{extra}]'"
    assert "nvidia-cuda-toolkit" in found["nvcc"].to_do and "git clone" in found["GENN_PATH"].to_do


def test_a_gpu_that_fails(programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENN_PATH", str(tmp_path))
    monkeypatch.setenv("JAX_PLATFORMS", "nonsense")
    programs(nvidia_smi="echo NVIDIA-SMI has failed: no driver is running.; exit 9", nvcc="exit 1")
    found = by_name(gpu.gpu())
    assert {found.pop(name).state for name in gpu.FOR_GPUS} == {"not needed"}
    assert {finding.state for finding in found.values()} == {"broken"}
    assert "has failed" in found["nvidia-smi"].found and "bin/genn-buildmodel.sh" in found["GENN_PATH"].found
    assert "nonsense" in found["jax.devices()"].found


def test_all_of_a_gpu(programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "genn-buildmodel.sh").touch()
    (tmp_path / "version.txt").write_text("4.9.0")
    monkeypatch.setenv("GENN_PATH", str(tmp_path))
    monkeypatch.setattr(gpu, "_DEVICES", "print('noise'); print('gpu (NVIDIA H100 80GB HBM3)')")
    for name in gpu.FOR_GPUS:
        monkeypatch.setattr(BACKENDS[name], "why_not", lambda: None)
    programs(
        nvidia_smi=SMI.format("580.65.06"), nvcc="echo nvcc; echo 'Cuda compilation tools, release 13.0, V13.0.88'"
    )
    found = by_name(gpu.gpu())
    assert {finding.state for finding in found.values()} == {"ok"}
    assert found["nvcc"].found == "Cuda compilation tools, release 13.0, V13.0.88"
