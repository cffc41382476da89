"""From what a network's objects do to the text of a program: one function an object, and ``step``, which calls them in order.

State ``s_`` is what objects write, by ``group.variable``, and the events of this step, by ``group.event``; ``c_`` is what
stays as it is. ``k_`` is the number of the time step. An event that comes for all neurons or none, by the time alone, is
decided before the program is traced: ``on_`` says which there are, and what follows them is left out where there are none.
Names that are not the network's end with an underscore; Brian2's own begin with one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from brian2.utils.stringtools import get_identifiers

from equispike.models.codegen.jax.connections import (
    Connections,
    Convolution,
    Dense,
    connections,
    convolution,
    rounds,
    uniform_connections,
)
from equispike.models.codegen.jax.expressions import (
    conjunction,
    factored,
    inlined,
    parsed,
    rendered,
    soft,
    with_look_ups,
)
from equispike.models.codegen.jax.extraction import Code, Extract
from equispike.models.codegen.jax.operations import DRAWS, FUNCTIONS
from equispike.models.errors import EquispikeError


@dataclass
class Text:
    """A program as text.

    Attributes
    ----------
    source : functions ``prepare`` (weights as matrices), ``step`` and one an object
    objects : what the text names: connections, index arrays
    queues : state that only the program has: delayed events by key, their shape
    flags : events by the time alone: name of the function of k that says whether they come
    written : keys of the state that objects change
    random : whether random numbers are drawn
    """

    source: str
    objects: dict[str, object] = field(default_factory=dict)
    queues: dict[str, tuple[int, ...]] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    random: bool = False


def emit(network: Extract, outside: Mapping[str, str], *, simulated: bool = False, by_row: bool = False) -> Text:
    """The program of a network; ``outside`` says for keys that come from outside in each step by which name.

    A program that is ``simulated`` rather than differentiated knows when it is to stop (state ``stop``), and what follows an
    event is also left out where a part of the event's condition is false by the time alone. ``by_row``: plastic synapses of
    all pairs are gone through neuron by neuron with an event, as is best on a CPU; else all at once.
    """
    return _Emission(network, outside, simulated, by_row).text()


class _Emission:
    def __init__(self, network: Extract, outside: Mapping[str, str], simulated: bool, by_row: bool) -> None:
        self.network, self.outside, self.simulated, self.by_row = network, outside, simulated, by_row
        self.result = Text("")
        self.whole_flags: set[str] = set()  # events of all neurons or none
        self.delayed = {code.event for code in network.codes if code.delays is not None and code.delays.max(initial=0)}
        for code in network.codes:
            self.result.written |= {code.arrays[name].key for name in code.written()}
            self.result.written |= {code.summed} if code.summed else set()
            if code.refractory:
                self.result.written |= {f"{code.group}.lastspike", f"{code.group}.not_refractory"}
        self.prepared: list[str] = []
        self.functions: list[str] = []
        self.calls: list[str] = []

    def text(self) -> Text:
        emitters = {
            "update": self._update,
            "threshold": self._threshold,
            "event": self._event,
            "pathway": self._pathway,
            "sum": self._sum,
            "monitor": self._monitor,
        }
        if self.simulated and not any(s.var == "_stop" for code in self.network.codes for s in code.statements):
            raise EquispikeError("the network never ends its run: let it call stop_when(condition)")
        for code in self.network.codes:
            if code.kind not in ("update", "event") and any(s.var == "_stop" for s in code.statements):
                raise EquispikeError(
                    f"cannot make a JAX program: {code.name} ends the run: do that in an event of neurons"
                )
            unknown = sorted(set(code.functions) - set(FUNCTIONS) - set(DRAWS))
            if unknown:
                raise EquispikeError(
                    f"cannot make a JAX program: {code.name} calls {unknown[0]}(), which has no counterpart in JAX"
                )
            emitters[code.kind](code)
        lines = ["def prepare(c_):", '    """Weights as the connections take them."""', "    c_ = dict(c_)"]
        lines += [f"    {line}" for line in self.prepared] + ["    return c_", ""]
        lines += [line for function in self.functions for line in (*function.split("\n"), "")]
        lines += ["def step(s_, c_, k_, on_):", '    """One time step."""', "    s_ = dict(s_)"]
        lines += [f"    {line}" for line in self.calls] + ["    return s_", ""]
        self.result.source = "\n".join(lines)
        return self.result

    # What an object reads.

    def _loads(
        self, code: Code, names: set[str], *, at: Mapping[str, str] | None = None, drawn_for: str = ""
    ) -> list[str]:
        """Lines that give the names in statements their values; ``at``: by side, the index array to gather with."""
        lines = []
        dt = repr(self.network.dt)
        clock = {"t": f"k_ * {dt}", "dt": dt, "timestep": "k_"}
        lines += [f"{name} = {clock[code.clock[name]]}" for name in sorted(names & set(code.clock))]
        lines += [f"{name} = {_literal(code.constants[name])}" for name in sorted(names & set(code.constants))]
        for name in sorted(names & set(code.arrays)):
            lines.append(f"{name} = {self._value(code, name, at or {})}")
        return lines + self._draws(code, drawn_for)

    def _draws(self, code: Code, drawn_for: str) -> list[str]:
        """A line that defines the random functions of an object: each call draws for all neurons or synapses anew.

        ``drawn_for``: those with these numbers alone.
        """
        if not set(code.functions) & set(DRAWS):
            return []
        self.result.random = True
        names = ", ".join(f"{name}_" for name in DRAWS)
        number, n = self.network.codes.index(code), self.network.sizes[code.group]
        return [f"{names} = draws_(c_['random.key'], k_, {number}, {drawn_for or n})"]

    def _value(self, code: Code, name: str, at: Mapping[str, str]) -> str:
        array = code.arrays[name]
        value = self._stored(array.key)
        if array.index is not None:
            return f"{value}[{self._stored(array.index)}{at.get(array.side, '')}]"
        return f"{value}{at.get(array.side, '')}"

    def _stored(self, key: str) -> str:
        return f"s_[{key!r}]" if key in self.result.written or key in self.outside else f"c_[{key!r}]"

    def _statements(self, code: Code) -> list[str]:
        lines, conditions = [], self._conditions(code)
        for statement, condition in zip(code.statements, conditions, strict=True):
            # Where the condition is false nothing comes of it, so that it need not be computed for that case.
            known = {condition: "True"} if self.simulated and condition else {}
            expression = rendered(inlined(self._timed(code, statement.expr), known))
            if statement.op not in ("=", ":="):
                expression = f"{statement.var} {statement.op[:-1]} ({expression})"
            if statement.var in code.conditions:
                expression = f"where_({code.conditions[statement.var]}, {expression}, {statement.var})"
            lines.append(f"{statement.var} = {expression}")
        return lines

    @staticmethod
    def _conditions(code: Code) -> list[str | None]:
        """For each statement the variable that has to be true for anything to come of it."""
        users: dict[str, set[str | None]] = {}
        found: list[str | None] = []
        for statement in reversed(code.statements):
            if statement.op == ":=":
                conditions = users.get(statement.var, {None})
                condition = next(iter(conditions)) if len(conditions) == 1 else None
            else:
                condition = code.conditions.get(statement.var)
            for name in get_identifiers(statement.expr):
                users.setdefault(name, set()).add(condition)
            found.insert(0, condition)
        return found

    def _expression(self, code: Code, expression: str) -> str:
        return rendered(self._timed(code, expression))

    def _timed(self, code: Code, expression: str) -> ast.expr:
        return with_look_ups(
            parsed(expression), {word: (name, self.network.timed[name][1]) for word, name in code.timed.items()}
        )

    def _names(self, code: Code) -> set[str]:
        names = {word for s in code.statements for word in get_identifiers(s.expr)} | set(code.conditions.values())
        names |= {s.var for s in code.statements if s.op not in ("=", ":=")} | set(code.conditions)
        return names

    def _timed_loads(self, code: Code) -> list[str]:
        return [f"timed_{name}_ = c_['timed.{name}']" for name in sorted(set(code.timed.values()))]

    def _define(
        self,
        code: Code,
        kind: str,
        body: list[str],
        *,
        arguments: str = "s_, c_, k_",
        call: bool = True,
        name: str = "",
    ) -> None:
        head = f'def {name or code.name}({arguments}):\n    """{kind}"""\n'
        self.functions.append(head + "\n".join(f"    {line}" for line in body))
        if call:
            condition = f"if on_[{code.event!r}]: " if code.event in self.result.flags else ""
            self.calls.append(f"{condition}{code.name}({arguments})")

    # What an object does.

    def _update(self, code: Code) -> None:
        """All neurons, or all synapses with what they see of their neurons."""
        at = self._sides(code)
        names = self._names(code)
        body = self._loads(code, names, at=at) + self._timed_loads(code) + self._statements(code)
        body += self._stores(code, lambda name, key: name)
        body += self._settled(code.arrays[name].key for name in code.written())
        body += self._stop(code)
        self._define(code, f"Update of {code.group}.", body)

    def _sides(self, code: Code) -> dict[str, str]:
        if code.group not in self.network.synapses:
            return {}
        return {side: f"[c_['{code.group}._synaptic_{side}']]" for side in ("pre", "post")}

    def _stores(self, code: Code, new: Callable[[str, str], str]) -> list[str]:
        """Lines that put values into the state; ``new``: of a name and its key, the value."""
        lines = []
        for name in code.written():
            array = code.arrays[name]
            if array.index is not None:
                raise EquispikeError(f"cannot make a JAX program: {code.name} writes {name}, which other neurons share")
            lines.append(f"s_[{array.key!r}] = cast_({new(name, array.key)}, s_[{array.key!r}])")
        return lines

    def _threshold(self, code: Code) -> None:
        assert code.event is not None
        local = {s.var: s.expr for s in code.statements if s.op == ":=" and s.var != "_cond"}
        (outcome,) = [s for s in code.statements if s.var == "_cond"]
        condition = inlined(parsed(outcome.expr), local)
        of_time = [part for part in conjunction(condition) if self._is_of_time(code, part)]
        rest = [part for part in conjunction(condition) if part not in of_time]
        if of_time and (not rest or (self.simulated and code.event not in self.delayed)):
            names = {name for part in of_time for name in get_identifiers(ast.unparse(part))}
            come = " and ".join(f"({rendered(part)})" for part in of_time)
            function = f"{code.name}_comes" if rest else code.name
            body = [*self._loads(code, names), f"return bool({come})"]
            self._define(code, f"Whether {code.event} comes.", body, arguments="k_", call=False, name=function)
            self.result.flags[code.event] = function
            if not rest:
                self.whole_flags.add(code.event)
                return
            condition = rest[0] if len(rest) == 1 else ast.BoolOp(ast.And(), rest)
        names = set(get_identifiers(ast.unparse(condition)))
        floats = {
            name
            for name in names & set(code.arrays)
            if self.network.values[code.arrays[name].key].dtype.kind == "f" and code.arrays[name].side != "shared"
        }
        size = self.network.sizes[code.group]
        body = self._loads(code, names) + self._timed_loads(code)
        body.append(f"_cond = {soft(self._timed(code, ast.unparse(condition)), floats)}")
        body.append(f"s_[{code.event!r}] = events_(_cond, {size})")
        body += self._settled([code.event])
        if code.refractory:
            last, ready = f"s_['{code.group}.lastspike']", f"s_['{code.group}.not_refractory']"
            body += [f"{last} = where_(s_[{code.event!r}] > 0, k_ * {self.network.dt!r}, {last})"]
            body += [f"{ready} = where_(s_[{code.event!r}] > 0, False, {ready})"]
        self._define(code, f"Events {code.event}.", body)

    def _settled(self, keys: Iterable[str]) -> list[str]:
        """A line that makes XLA compute values once; it would compute them anew for everything that reads them."""
        return (
            [f"s_.update(settled_({{{', '.join(f'{key!r}: s_[{key!r}]' for key in keys)}}}))"] if self.simulated else []
        )

    def _is_of_time(self, code: Code, condition: ast.expr) -> bool:
        """Whether a condition depends on the time and on constants alone."""
        names = set(get_identifiers(ast.unparse(condition)))
        return names <= set(code.constants) | set(code.clock) | (set(code.functions) - set(DRAWS)) | {"True", "False"}

    def _event(self, code: Code) -> None:
        draws = set(code.functions) & set(DRAWS) and not any(s.var == "_stop" for s in code.statements)
        if self.by_row and code.event not in self.whole_flags and draws:
            self._of_some(code)
            return
        names = self._names(code) | set(code.written())
        before = [f"before_{name}_ = {name}" for name in code.written()]
        body = self._loads(code, names) + self._timed_loads(code)
        if code.event in self.whole_flags:
            body += self._statements(code) + self._stores(code, lambda name, key: name)
        else:
            body += ["event_ = " + f"s_[{code.event!r}]", *before, *self._statements(code)]
            body += self._stores(code, lambda name, key: f"select_({key!r}, event_, {name}, before_{name}_)")
        body += self._stop(code, "" if code.event in self.whole_flags else "(event_ > 0) & ")
        self._define(code, f"After {code.event}.", body)

    def _stop(self, code: Code, come: str = "") -> list[str]:
        """Lines that note whether the run is to end, and in which step that was said first."""
        if not (self.simulated and any(s.var == "_stop" for s in code.statements)):
            return []
        return [
            f"stop_ = any_({come}_stop)",
            "s_['stop_step'] = where_(stop_ & ~s_['stop'], k_, s_['stop_step'])",
            "s_['stop'] = s_['stop'] | stop_",
        ]

    def _of_some(self, code: Code) -> None:
        """What follows an event, computed only for the neurons that had it: random numbers are dear."""
        keys = {name: code.arrays[name].key for name in code.written()}
        names = self._names(code) | set(keys)
        body = [f"{name} = each_[{key!r}][which_]" for name, key in keys.items()]
        body += self._loads(code, names - set(keys), at={"syn": "[which_]"}, drawn_for="which_")
        body += self._statements(code)
        new = ", ".join(
            f"{key!r}: each_[{key!r}].at[which_].set(cast_({name}, each_[{key!r}][which_]), mode='drop')"
            for name, key in keys.items()
        )
        carry = ", ".join(f"{key!r}: s_[{key!r}]" for key in keys.values())
        lines = [*self._timed_loads(code), "def some_(which_, each_):", *(f"    {line}" for line in body)]
        lines += [f"    return {{{new}}}", f"s_.update(for_some_events_(s_[{code.event!r}], some_, {{{carry}}}))"]
        self._define(code, f"After {code.event}.", lines)

    def _monitor(self, code: Code) -> None:
        """What is recorded when a step is over: which neurons had the event, and their variables at this moment."""
        whole = f"ones_({self.network.sizes[code.group]})"
        body = [f"s_['{code.name}.event'] = {whole if code.event in self.whole_flags else f's_[{code.event!r}]'}"]
        body += [f"s_[{record!r}] = {self._stored(key)}" for record, key in code.recorded().items()]
        self._define(code, f"Record of {code.event}.", body)

    def _arriving(self, code: Code, n_source: int) -> tuple[list[str], str]:
        """Lines and expression for a pathway's events as they arrive: by neuron, or by synapse where delays differ."""
        assert code.delays is not None and code.event is not None
        pathway, longest = code.name, int(code.delays.max(initial=0))
        if code.event in self.whole_flags:
            if longest:
                raise EquispikeError(
                    f"cannot make a JAX program: {pathway} delays an event that all neurons have at the same time"
                )
            return [], "1"
        if longest == 0:
            return [f"arriving_ = s_[{code.event!r}]"], "arriving_"
        key = f"{pathway}.queue"
        self.result.queues[key] = (longest, n_source)
        self.result.objects[f"{pathway}_delays"] = code.delays
        own = f"c_['{code.group}._synaptic_{code.prepost}']"
        place = f"{pathway}_delays" if code.delays.ndim == 0 else f"{pathway}_delays, {own}"
        lines = [
            f"queue_ = join_(s_[{code.event!r}], s_[{key!r}])",
            f"arriving_ = queue_[{place}]",
            f"s_[{key!r}] = queue_[:-1]",
        ]
        return lines, "arriving_" if code.delays.ndim == 0 else "arriving_synapses_"

    def _pathway(self, code: Code) -> None:
        assert code.event is not None
        groups = self.network.synapses[code.group]
        own, other = (code.prepost, "post" if code.prepost == "pre" else "pre")
        n_source = self.network.sizes[groups[0 if own == "pre" else 1]]
        lines, arriving = self._arriving(code, n_source)
        product = self._as_product(code) if arriving != "arriving_synapses_" and own == "pre" else None
        body = list(lines)
        if product is not None:
            body += self._projection(code, product, arriving)
        elif self.by_row and arriving == "arriving_" and self._is_plastic_of_all_pairs(code, groups):
            body += self._by_row(code, own)
        elif self.simulated and arriving != "arriving_synapses_" and self._goes_by_order(code):
            body += self._in_rounds(code, arriving, own)
        else:
            body += self._by_synapse(code, arriving, own, other)
        self._define(code, f"Events {code.event} arrive at {code.group}.", body)

    # Synapses as a product of what the neuron before, the synapse and the neuron after contribute.

    def _as_product(self, code: Code) -> dict[str, list[str]] | None:
        """Factors by side of the one ``x_post += ...`` that the statements are, or None."""
        local = {s.var: s.expr for s in code.statements if s.op == ":="}
        effects = [s for s in code.statements if s.op != ":="]
        if len(effects) != 1 or code.functions.keys() & set(DRAWS):
            return None
        (effect,) = effects
        if code.kind == "pathway":
            if effect.op not in ("+=", "-=") or effect.var not in code.arrays:
                return None
            if code.arrays[effect.var].side != "post" or code.arrays[effect.var].index:
                return None
            if effect.var in get_identifiers(ast.unparse(inlined(parsed(effect.expr), local))):
                return None
        tree = inlined(parsed(effect.expr), local)
        factors: dict[str, list[str]] = {"pre": [], "syn": [], "post": []}
        for factor, inverted in factored(tree):
            names = get_identifiers(ast.unparse(factor)) - set(code.constants) - set(code.functions)
            sides = {code.arrays[name].side for name in names if name in code.arrays} - {"shared"}
            if len(sides) > 1 or code.timed:
                return None
            side = sides.pop() if sides else "post"
            factors[side].append(f"1 / ({rendered(factor)})" if inverted else rendered(factor))
        if effect.op == "-=":
            factors["post"].append("-1")
        written = {name for name in code.arrays if code.arrays[name].key in self.result.written}
        if any(written & get_identifiers(factor) for factor in factors["syn"]):
            return None
        return factors

    def _projection(self, code: Code, factors: dict[str, list[str]], arriving: str) -> list[str]:
        layout, weights = self._layout(code, factors["syn"])
        name = f"{code.name}_connections"
        self.result.objects[name] = layout
        key = f"{code.name}.weights"
        self.prepared += [*weights[:-1], f"c_[{key!r}] = {name}.weights({weights[-1]})"]
        used = {word for side in ("pre", "post") for factor in factors[side] for word in get_identifiers(factor)}
        (effect,) = [s for s in code.statements if s.op != ":="]
        before = [f"({factor})" for factor in factors["pre"]] + ([arriving] if arriving != "1" else [])
        n_source = self.network.sizes[self.network.synapses[code.group][0]]
        product = " * ".join(before) if before else f"ones_({n_source})"
        after = "".join(f" * ({factor})" for factor in factors["post"])
        result = f"{name}.project({product}, c_[{key!r}]){after}"
        lines = self._loads(code, used)
        if code.kind == "sum":
            return [*lines, f"s_[{code.summed!r}] = cast_({result}, s_[{code.summed!r}])"]
        target = code.arrays[effect.var].key
        return [*lines, self._added(code, effect.var, target, result)]

    def _layout(self, code: Code, factors: list[str]) -> tuple[Connections, list[str]]:
        """The form of the connections, and lines that compute what its weights are made of, the last an expression."""
        values = self.network.values
        pre, post = (values[f"{code.group}._synaptic_{side}"] for side in ("pre", "post"))
        groups = self.network.synapses[code.group]
        names = {word for factor in factors for word in get_identifiers(factor)}
        linked = [name for name in names if name in code.arrays and code.arrays[name].index]
        if len(factors) == 1 and factors[0] in linked:
            array = code.arrays[factors[0]]
            assert array.index is not None
            grids = tuple(
                {axis: values[f"{group}.{axis}"] for axis in ("y", "x", "map") if f"{group}.{axis}" in values}
                for group in groups
            )
            found: Convolution | None = convolution(pre, post, values[array.index], len(values[array.key]), grids)  # type: ignore[arg-type]
            if found:
                return found, [f"c_[{array.key!r}]"]
        sizes = [self.network.sizes[group] for group in groups]
        layout = connections(pre, post, *sizes) if factors else uniform_connections(pre, post, *sizes)
        product = " * ".join(f"({factor})" for factor in factors) or f"ones_({len(pre)})"
        return layout, [*self._loads(code, names), product]

    # Synapses one by one: anything else.

    def _by_synapse(self, code: Code, arriving: str, own: str, other: str) -> list[str]:
        indices = {side: f"[c_['{code.group}._synaptic_{side}']]" for side in ("pre", "post")}
        event = {"1": "1.0", "arriving_": f"arriving_{indices[own]}", "arriving_synapses_": "arriving_"}[arriving]
        lines = [f"event_ = {event}", *self._loads(code, self._names(code) | set(code.written()), at=indices)]
        lines += self._timed_loads(code)
        for position, (statement, line) in enumerate(zip(code.statements, self._statements(code), strict=True)):
            array = code.arrays.get(statement.var)
            if array is None:
                lines.append(line)
            elif array.index is not None or array.side == "shared":
                raise EquispikeError(
                    f"cannot make a JAX program: {code.name} writes {statement.var}, which synapses share"
                )
            elif array.side == "syn":
                lines.append(
                    f"{statement.var} = select_({array.key!r}, event_, {line.partition(' = ')[2]}, {statement.var})"
                )
                lines.append(f"s_[{array.key!r}] = cast_({statement.var}, s_[{array.key!r}])")
            else:
                later = {word for s in code.statements[position + 1 :] for word in get_identifiers(s.expr)}
                reads = set(get_identifiers(statement.expr))
                if statement.op not in ("+=", "-=") or statement.var in reads | later:
                    raise self._ordered(code, statement)
                sign = "" if statement.op == "+=" else "-"
                amount = f"{sign}event_ * ({self._expression(code, statement.expr)})"
                n = self.network.sizes[self.network.synapses[code.group][0 if array.side == "pre" else 1]]
                total = f"add_up_({amount}, c_['{code.group}._synaptic_{array.side}'], {n})"
                lines.append(self._added(code, statement.var, array.key, total))
        return lines

    def _added(self, code: Code, name: str, key: str, amount: str) -> str:
        """A line that adds to neurons' variable, where its condition is true if it has one: ``(unless refractory)``."""
        total = f"s_[{key!r}] + {amount}"
        if name in code.conditions:
            total = f"where_({self._stored(code.arrays[code.conditions[name]].key)}, {total}, s_[{key!r}])"
        return f"s_[{key!r}] = cast_({total}, s_[{key!r}])"

    # Synapses of all pairs that change: neuron by neuron with an event, all its synapses at once.

    def _is_plastic_of_all_pairs(self, code: Code, groups: tuple[str, str]) -> bool:
        if not any(code.arrays[name].side == "syn" for name in code.written()):
            return False
        if any(array.index for array in code.arrays.values()):
            return False
        pre, post = (self.network.values[f"{code.group}._synaptic_{side}"] for side in ("pre", "post"))
        layout = connections(pre, post, *(self.network.sizes[group] for group in groups))
        return isinstance(layout, Dense) and layout.pre is None

    def _by_row(self, code: Code, own: str) -> list[str]:
        n_pre, n_post = (self.network.sizes[group] for group in self.network.synapses[code.group])
        cell = "[n_, :]" if own == "pre" else "[:, n_]"
        names = self._names(code) | set(code.written())
        sides = {name: code.arrays[name].side for name in names if name in code.arrays}
        carried = {code.arrays[name].key for name in code.written()}
        place = {"syn": cell, own: "[n_]"}
        lines = self._loads(code, names - set(sides)) + self._timed_loads(code)
        lines += [f"s_[{key!r}] = s_[{key!r}].reshape({n_pre}, {n_post})" for key in sorted(carried) if
                  key.startswith(f"{code.group}.")]  # fmt: skip
        body = []
        for name, side in sorted(sides.items()):
            key = code.arrays[name].key
            source = f"each_[{key!r}]" if key in carried else self._stored(key)
            shaped = f".reshape({n_pre}, {n_post})" if side == "syn" and key not in carried else ""
            body.append(f"{name} = {source}{shaped}{place.get(side, '')}")
        for statement, line in zip(code.statements, self._statements(code), strict=True):
            body.append(line)
            array = code.arrays.get(statement.var)
            if array is None:
                continue
            key, name = array.key, statement.var
            if array.side == own:  # one element, to which all the neuron's synapses contribute
                if statement.op not in ("+=", "-=") or name in {*get_identifiers(statement.expr), *code.conditions}:
                    raise self._ordered(code, statement)
                body[-1] = f"{name} = {name} {statement.op[0]} ({self._expression(code, statement.expr)}).sum()"
            if array.side in place:
                body.append(f"each_[{key!r}] = each_[{key!r}].at{place[array.side]}.set({name}, mode='drop')")
            else:
                body.append(f"each_[{key!r}] = where_(there_, {name}, each_[{key!r}])")
        lines += ["def each_neuron_(n_, there_, each_):", "    each_ = dict(each_)"]
        lines += [f"    {line}" for line in body] + ["    return each_"]
        keys = ", ".join(f"{key!r}: s_[{key!r}]" for key in sorted(carried))
        lines.append(f"s_.update(for_events_(arriving_, each_neuron_, {{{keys}}}))")
        lines += [f"s_[{key!r}] = s_[{key!r}].reshape(-1)" for key in sorted(carried) if
                  key.startswith(f"{code.group}.")]  # fmt: skip
        return lines

    # Synapses whose effects on a neuron depend on each other: the first of each neuron, then the second, and so on.

    def _goes_by_order(self, code: Code) -> bool:
        for position, statement in enumerate(code.statements):
            array = code.arrays.get(statement.var)
            if array is None or array.side not in ("pre", "post"):
                continue
            others = {word for s in code.statements[position + 1 :] for word in get_identifiers(s.expr)}
            if statement.op not in ("+=", "-=") or statement.var in others | set(get_identifiers(statement.expr)):
                return True
        return False

    def _in_rounds(self, code: Code, arriving: str, own: str) -> list[str]:
        written = {code.arrays[name].side for name in code.written()}
        if len(written) != 1 or written & {"syn", "shared"} or any(code.arrays[n].index for n in code.written()):
            statement = next(s for s in code.statements if s.var in code.arrays)
            raise self._ordered(code, statement)
        (target,) = written
        group = self.network.synapses[code.group][0 if target == "pre" else 1]
        values, n = self.network.values, self.network.sizes[group]
        source = "post" if target == "pre" else "pre"
        name = f"{code.name}_rounds"
        self.result.objects[name] = rounds(values[f"{code.group}._synaptic_{target}"], n)
        there = f"c_['{code.group}._synaptic_{source}'][which_]"
        event = f"arriving_[{there}]" if own == source and arriving == "arriving_" else arriving
        names = self._names(code) | set(code.written())
        keys = [code.arrays[word].key for word in code.written()]
        body = [f"{word} = each_[{key!r}]" for word, key in zip(code.written(), keys, strict=True)]
        body += [
            line
            for line in self._loads(code, names - set(code.written()), at={"syn": "[which_]", source: f"[{there}]"})
        ]
        body += [f"before_{word}_ = {word}" for word in code.written()]
        body += [f"event_ = where_(which_ < {len(values[f'{code.group}._synaptic_pre'])}, {event}, 0)"]
        body += self._statements(code)
        new = ", ".join(f"{key!r}: cast_(where_(event_ > 0, {word}, before_{word}_), each_[{key!r}])" for word, key in
                        zip(code.written(), keys, strict=True))  # fmt: skip
        lines = ["def round_(each_, which_):", *(f"    {line}" for line in body), f"    return {{{new}}}, None"]
        keep = ", ".join(f"{key!r}: s_[{key!r}]" for key in keys)
        return [*self._timed_loads(code), *lines, f"s_.update(scan_(round_, {{{keep}}}, {name})[0])"]

    @staticmethod
    def _ordered(code: Code, statement) -> EquispikeError:
        return EquispikeError(
            f"cannot make a JAX program: what {code.name} makes of {statement.var} depends on the "
            f"order of synapses ('{statement.var} {statement.op} {statement.expr}'); sums do not"
        )

    def _sum(self, code: Code) -> None:
        factors = self._as_product(code)
        if factors is not None:
            body = self._projection(code, factors, "1")
        else:
            indices = {side: f"[c_['{code.group}._synaptic_{side}']]" for side in ("pre", "post")}
            n = self.network.sizes[str(code.summed).split(".")[0]]
            side = "post" if self.network.synapses[code.group][1] == str(code.summed).split(".")[0] else "pre"
            body = self._loads(code, self._names(code), at=indices) + self._statements(code)
            total = f"add_up_(_synaptic_var, c_['{code.group}._synaptic_{side}'], {n})"
            body.append(f"s_[{code.summed!r}] = cast_({total}, s_[{code.summed!r}])")
        self._define(code, f"{code.summed} is a sum over synapses.", body)


def _literal(value: float | int | bool) -> str:
    return repr(value) if np.isfinite(value) else f"float('{value}')"
