"""Leaving out of a model what nobody asks for, without the onnx package.

ONNX Runtime computes all nodes of a graph, whichever outputs are asked for. So the unwanted outputs (IS-Net declares
twelve), and the nodes that lead to them alone, are taken out of the file's bytes before they are handed over. The file
is a protocol buffer; the messages and fields that are read have their numbers from github.com/onnx/onnx, onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

# ModelProto; GraphProto; NodeProto; AttributeProto.
_GRAPH = 7
_NODE, _OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_ATTRIBUTE = 1, 2, 5
_SUBGRAPHS = (6, 11)
# ValueInfoProto.
_NAME = 1

# Wire types (protobuf.dev/programming-guides/encoding), and the bytes of those of fixed length.
_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}


_Field = tuple[int, int, int, int]
"""Number, start, start of the content, and end."""


class NotAModel(ValueError):
    """The bytes are no ONNX file."""


def count_outputs(model: memoryview) -> int:
    """The number of outputs that an ONNX file declares. Raises NotAModel."""
    return sum(field == _OUTPUT for field, *_ in _fields(_graph_of(model)))


def with_one_output(model: memoryview, index: int) -> bytes:
    """The same ONNX file with its output ``index`` alone. Raises NotAModel, IndexError."""
    graph = _graph_of(model)
    fields = list(_fields(graph))
    outputs = [each for each in fields if each[0] == _OUTPUT]
    _, _, body, end = outputs[index]
    wanted = _leading_to([bytes(name) for name in _contents(graph[body:end], _NAME)], graph, fields)
    dropped = {each[1] for each in outputs} - {outputs[index][1]}
    dropped |= {each[1] for each in fields if each[0] == _NODE} - wanted
    parts = [graph[start:end] for _, start, _, end in fields if start not in dropped]
    rest = [model[start:end] for field, start, _, end in _fields(model) if field != _GRAPH]
    head = bytes([_GRAPH << 3 | _BYTES]) + _varint(sum(len(part) for part in parts))
    return b"".join([*rest, head, *parts])


def _leading_to(names: list[bytes], graph: memoryview, fields: list[_Field]) -> set[int]:
    """Where the nodes start that some of these values are computed by. Not all files have them in order."""
    makers = {
        bytes(name): each
        for each in fields
        if each[0] == _NODE
        for name in _contents(graph[each[2] : each[3]], _NODE_OUTPUT)
    }
    found: set[int] = set()
    while names:
        maker = makers.get(names.pop())
        if maker is not None and maker[1] not in found:
            found.add(maker[1])
            names += _names_read(graph[maker[2] : maker[3]])
    return found


def _names_read(node: memoryview) -> Iterator[bytes]:
    """What a node takes, also in the graphs that it holds (the branches of an If, the body of a Loop)."""
    yield from (bytes(name) for name in _contents(node, _NODE_INPUT))
    for attribute in _contents(node, _NODE_ATTRIBUTE):
        for graph in _contents(attribute, *_SUBGRAPHS):
            yield from (bytes(name) for output in _contents(graph, _OUTPUT) for name in _contents(output, _NAME))
            for inner in _contents(graph, _NODE):
                yield from _names_read(inner)


def _contents(message: memoryview, *wanted: int) -> Iterator[memoryview]:
    """The content of each field of these numbers."""
    return (message[body:end] for field, _, body, end in _fields(message) if field in wanted)


def _graph_of(model: memoryview) -> memoryview:
    for graph in _contents(model, _GRAPH):
        return graph
    raise NotAModel("there is no graph in it")


def _fields(message: memoryview) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        kind = key & 7
        body = at
        if kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind == _BYTES:
            length, body = _read_varint(message, at)
            at = body + length
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise NotAModel(f"field {key >> 3} is of an unknown kind")
        if at > len(message):
            raise NotAModel("it is cut off")
        yield key >> 3, start, body, at


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    # Ten bytes of seven bits hold the longest number, of 64.
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise NotAModel("it is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise NotAModel("a number is too long")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
