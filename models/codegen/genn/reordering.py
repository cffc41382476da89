"""The order of what happens in a time step of GeNN's generated code, made Brian2's."""

from __future__ import annotations

import re
from pathlib import Path

from equispike.models.codegen.genn.environment import GENN_VERSION
from equispike.models.errors import EquispikeError


def synapses_after_neurons(file: Path) -> None:
    """Let spikes reach the synapses at the end of their time step; by itself GeNN does that when the next one begins."""
    synapses, neurons = "    updateSynapses(t);\n", r"    updateNeurons\(t.*\);.*\n"
    text = file.read_text()
    start = text.find("void stepTime()")
    body, more = text[:start], text[start:]
    if start < 0 or more.count(synapses) != 1 or len(re.findall(neurons, more)) != 1:
        raise _unknown()
    file.write_text(body + re.sub(neurons, lambda found: found[0] + synapses, more.replace(synapses, "")))


def post_before_pre(file: Path) -> None:
    """Let GeNN's time step do postsynaptic plasticity before presynaptic, as ours does; by itself it is the other way."""
    text = file.read_text()
    start = text.index("void updateSynapses(")
    parts = re.split(r"(?m)^(?= {4,5}\{$)", text[start:])
    head, blocks = parts[0], parts[1:]
    last, end = re.fullmatch(r"(?s)(.*^ {4,5}\}\n)(.*)", blocks[-1], re.MULTILINE).groups()  # type: ignore[union-attr]
    blocks[-1] = last
    post = [block for block in blocks if re.search(r"postsynaptic", block, re.IGNORECASE)]
    pre = [block for block in blocks if re.search(r"presynaptic", block, re.IGNORECASE) and block not in post]
    if not post or not pre or len(post) + len(pre) != len(blocks):
        raise _unknown()
    file.write_text(text[:start] + head + "".join([*post, *pre]) + end)


def _unknown() -> EquispikeError:
    return EquispikeError(
        f"GeNN's code does not look as that of version {GENN_VERSION}: set GENN_PATH to an unchanged copy"
    )
