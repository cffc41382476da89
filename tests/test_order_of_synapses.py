"""Which synapses give another result when they are computed in another order, as on a GPU."""

from __future__ import annotations

import pytest
from brian2 import Clock, NeuronGroup, Synapses, ms

from equispike.models.built_network import BuiltNetwork
from equispike.models.codegen.order import order_dependent
from equispike.models.codegen.runtime import described


@pytest.mark.parametrize(
    ("on_pre", "depends"),
    [
        ("x_post += w", False),
        ("x_post += w\nw = clip(w - 0.1 * y_post, 0, 1)", False),
        ("x_post *= 0.5", False),
        ("x_post = 1", False),
        ("x_post = w", True),  # the last one stays
        ("x_post = clip(y_pre, x_post, 1)", True),
        ("w = x_post\nx_post += 1", True),  # how many came before?
        ("x_post += w\nx_post *= 2", True),
    ],
)
def test_order_of_synapses(on_pre: str, depends: bool) -> None:
    def build() -> BuiltNetwork:
        cells = NeuronGroup(4, "x : 1\ny : 1", threshold="x > 1", namespace={}, clock=Clock(1 * ms), name="cells")
        synapses = Synapses(cells, cells, "w : 1", on_pre=on_pre, namespace={}, clock=cells.clock, name="synapses")
        synapses.connect()
        return BuiltNetwork((cells, synapses), {}, (), {})

    assert order_dependent(described(build)) == ("synapses_pre" if depends else None)
