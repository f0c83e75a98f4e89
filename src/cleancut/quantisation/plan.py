"""What of a network is computed in integers, and which of its values share a scale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from onnx import GraphProto, NodeProto

# What ONNX Runtime computes in 8 bits. A Relu is no work of its own there: its range begins at nought.
_INTEGER = ("Conv", "MaxPool", "Resize", "Add", "Concat")
_OTHER = ("Relu", "Sigmoid")
# Of most, only the first input comes from the photo; the rest are weights or sizes.
_SEVERAL = ("Add", "Concat")
# They choose or mix what is there: the scale stays as it is.
_SAME_SCALE = ("MaxPool", "Resize")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a graph is to be rewritten."""

    nodes: frozenset[str]
    """Those that are computed in integers, by the name of what they answer."""
    tensors: tuple[str, ...]
    """The values that are stored as integers."""
    ranges: Mapping[str, tuple[str, ...]]
    """For each of them whose range gives its scale; of several, the widest."""


def plan(graph: GraphProto) -> Plan:
    """What is worth computing in integers, and what stands it.

    The first convolution stays as it is, since pictures are worth more than 8 bits once they are normalised, and so
    do those that answer one channel, masks, with all that follows them.
    """
    makers = {name: node for node in graph.node for name in node.output}
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in pictures(node):
            readers[name].append(node)
    nodes = _integer_nodes(graph)
    integer = frozenset(node.output[0] for node in nodes)

    def source(name: str) -> str:
        while (maker := makers.get(name)) is not None and maker.op_type in _SAME_SCALE and maker.output[0] in integer:
            name = maker.input[0]
        return name

    def stored(name: str) -> str:
        follows = readers[name]
        return follows[0].output[0] if len(follows) == 1 and follows[0].op_type == "Relu" else name

    # ONNX Runtime convolves in integers only where the answer is stored as integers too.
    tensors = dict.fromkeys(
        stored(name) for node in nodes for name in (*pictures(node), *(node.output if node.op_type == "Conv" else ()))
    )
    # What is put side by side shares a scale, so that it is copied rather than computed again.
    side_by_side: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        if node.op_type == "Concat":
            for name in node.input:
                side_by_side[source(name)].append(node.output[0])
    ranges = {name: tuple(side_by_side.get(source(name), [source(name)])) for name in tensors}
    return Plan(integer, tuple(tensors), ranges)


def observed(graph: GraphProto) -> list[tuple[str, str]]:
    """The values whose ranges have to be known, with the operator that answers each, in the order of the graph."""
    needed = {each for several in plan(graph).ranges.values() for each in several}
    return [(name, node.op_type) for node in graph.node for name in node.output if name in needed]


def pictures(node: NodeProto) -> list[str]:
    """Those inputs of a node that come from the photo."""
    return list(node.input if node.op_type in _SEVERAL else node.input[:1])


def _integer_nodes(graph: GraphProto) -> list[NodeProto]:
    channels = {each.name: each.dims[0] for each in graph.initializer if each.dims}
    stated = {each.name for each in graph.initializer}
    # Old files name their weights among the inputs.
    photo = next(each.name for each in graph.input if each.name not in stated)
    seen, masks, found = {photo}, set[str](), []
    for node in graph.node:
        asked = pictures(node)
        if node.op_type not in (*_INTEGER, *_OTHER) or not asked or not seen.issuperset(asked):
            continue
        if node.op_type == "Conv" and not stated.issuperset(name for name in node.input[1:] if name):
            continue
        seen.update(node.output)
        if not masks.isdisjoint(asked) or (node.op_type == "Conv" and channels.get(node.input[1]) == 1):
            masks.update(node.output)
        elif node.op_type in _INTEGER and photo not in asked:
            found.append(node)
    return found
