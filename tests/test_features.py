"""The table of features and backends: each row on a network that uses it and nothing else; what is said of models."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from brian2 import Clock, NetworkOperation, NeuronGroup, Synapses, ms

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen import BACKENDS
from equispike.models.codegen.features import FEATURES, refusal
from equispike.models.errors import EquispikeError
from equispike.protocols.catalogue import get_system


def cells(equations: str = "v : 1", *, name: str = "cells", dt=1 * ms, **options) -> NeuronGroup:
    options = {"threshold": "v > 1", "reset": "v = 0", "namespace": {}} | options
    return NeuronGroup(3, equations, clock=Clock(dt), name=name, **options)


def synapses(model: str = "", on_pre="v_post += 1", **options) -> list:
    one = cells("v : 1\nu : 1\ntotal : 1")
    between = Synapses(one, one, model, on_pre=on_pre, name="between", clock=one.clock, namespace={}, **options)
    between.connect(j="i")
    return [one, between]


def delays() -> list:
    objects = synapses()
    objects[1].pre.delay = [1, 2, 3] * ms
    return objects


def operation() -> list:
    return [cells(), NetworkOperation(lambda: None, name="by_hand", dt=1 * ms)]


#: By feature: a network that uses it, and the object that does.
NETWORKS: dict[str, tuple[Callable[[], list], str]] = {
    "a word of C++ or Cython as a name": (lambda: [cells("v : 1\nswitch : 1")], "cells (switch)"),
    "a name that ends with an underscore":
        (lambda: [cells(reset="v = v_reset_", namespace={"v_reset_": 0.0})], "cells (v_reset_)"),
    "differential equations of synapses":
        (lambda: synapses("dw/dt = -w / second : 1 (clock-driven)", "v_post += w", method="exact"), "between"),
    "a summed variable": (lambda: synapses("total_post = v_pre : 1 (summed)"), "between"),
    "several pathways on one side, or spikes that write two variables of neurons":
        (lambda: synapses(on_pre="v_post += 1\nu_post += 1"), "between"),
    "an expression that is constant over dt": (lambda: [cells("v : 1\nu = v : 1 (constant over dt)")], "cells"),
    "clocks of different time steps": (lambda: [cells(), cells(name="slow", dt=2 * ms)], "cells and slow"),
    "delays that differ between synapses": (delays, "between"),
    "a network_operation": (operation, "by_hand"),
}  # fmt: skip


def test_every_row_has_a_network() -> None:
    assert [feature.name for feature in FEATURES] == list(NETWORKS)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_each_row_is_found_and_refused_in_one_sentence(feature) -> None:
    build, name = NETWORKS[feature.name]
    objects = build()
    found = {each.name: next(each.where(objects), "") for each in FEATURES}
    assert found.pop(feature.name).startswith(name)
    assert not any(found.values())
    for generator in ("genn", "cuda", "jax", "cpp"):
        reason = refusal(generator, objects)
        if generator in feature.cannot:
            assert reason.startswith(name) and feature.cannot[generator] in reason and "--backend" in reason
            assert "\n" not in reason and feature.name in reason
        else:
            assert reason is None


def test_two_pathways_are_several() -> None:
    objects = synapses(on_pre={"one": "v_post += 1", "two": "u_post += 1"})
    assert "several pathways on one side" in refusal("genn", objects)


@pytest.mark.parametrize("backend", ["cpp", "jax"])
def test_a_network_operation_is_refused_before_anything_is_compiled(backend: str) -> None:
    if reason := BACKENDS[backend].why_not():
        pytest.skip(reason)
    with pytest.raises(EquispikeError, match=f"backend {backend}: by_hand uses a network_operation.*numpy"):
        BACKENDS[backend].compile(lambda: BuiltNetwork(tuple(operation()), {"n_steps": 1}, (), {}))


def test_backends_says_what_runs_where(equispike) -> None:
    words = [f"--set={name}.maps=2" for name in ("conv1", "conv2")]
    outcome = equispike("backends", "conv-stdp", *words)
    assert outcome.code == 0, outcome.err
    said = {tuple(row[:2]): row for row in (line.split("\t") for line in outcome.out.splitlines()[1:])}
    assert {
        said[key][2] for key in (("cpp", "training of conv1"), ("cpp", "training of conv2"), ("jax", "answers"))
    } == {"yes"}
    assert (
        said["jax", "training of conv1"][2:4] == ["no", "no"]
        and "synapses share" in said["jax", "training of conv1"][4]
    )
    assert "order of synapses" in said["cuda", "answers"][4]
    assert {name for name, _ in said} == set(BACKENDS)


def test_backends_says_that_repeats_of_images_run_on_genn(equispike) -> None:
    outcome = equispike("backends", "diehl-cook", "--set", "n_exc=5", "--json")
    assert outcome.code == 0, outcome.err
    said = {row["backend"]: row["runs"] for row in json.loads(outcome.out)}
    assert said["genn-cpu"] is said["genn"] is said["cuda"] is True


def test_event_driven_equations_of_synapses_are_found() -> None:
    objects = synapses("dw/dt = -w / second : 1 (event-driven)", "v_post += w")
    assert "differential equations of synapses" in refusal("genn", objects)


def test_backends_of_an_ann(equispike) -> None:
    assert "mlp is an ANN, which runs on no backend of Brian2" in equispike("backends", "mlp").sentence


def test_models_run_on_every_processor() -> None:
    network = get_system("diehl-cook").built_by
    params = network.params().updated({"n_exc": 5, "n_input": 10})
    for name in ("numpy", "cpp", "jax"):
        assert BACKENDS[name].refuses(lambda: network.build(params, 1)) is None
