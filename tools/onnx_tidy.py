"""Clean an exported graph: remove exporter notes, merge equal initialisers, count operators."""

import collections

import numpy as np
import onnx
from onnx import numpy_helper


def strip_notes(model: onnx.ModelProto, value_info: bool = False) -> None:
    """Clear doc strings and metadata_props (dynamo writes stack traces with paths into them).

    With `value_info` also the inferred shapes of intermediate values: the reader infers its own.
    """
    graph = model.graph
    model.ClearField("doc_string")
    model.ClearField("metadata_props")
    for item in [
        graph,
        *graph.node,
        *graph.input,
        *graph.output,
        *graph.value_info,
        *graph.initializer,
    ]:
        item.ClearField("doc_string")
        item.ClearField("metadata_props")
    if value_info:
        graph.ClearField("value_info")


def merge_equal_initializers(model: onnx.ModelProto) -> int:
    """Keep one of equal initialisers (type, shape, bytes), drop unused ones; returns how many.

    Initialisers that are graph outputs stay. Subgraphs are refused, because they could name what is
    dropped.
    """
    graph = model.graph
    for node in graph.node:
        if any(
            a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
            for a in node.attribute
        ):
            raise ValueError(
                f"{node.op_type} {node.name} holds a subgraph, which merging would have to follow"
            )
    outputs = {o.name for o in graph.output}
    used = {name for node in graph.node for name in node.input} | outputs
    first: dict[tuple, str] = {}
    replace: dict[str, str] = {}
    kept = []
    for tensor in graph.initializer:
        if tensor.name not in used:
            continue
        array = numpy_helper.to_array(tensor)
        same = first.setdefault((tensor.data_type, array.shape, array.tobytes()), tensor.name)
        if same == tensor.name or tensor.name in outputs:
            kept.append(tensor)
        else:
            replace[tensor.name] = same
    removed = len(graph.initializer) - len(kept)
    del graph.initializer[:]
    graph.initializer.extend(kept)
    for node in graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = replace.get(name, name)
    return removed


def histogram(model: onnx.ModelProto) -> dict[str, int]:
    """{operator: count}, most frequent first, domains other than the default one spelt out."""
    names = (f"{n.domain}.{n.op_type}" if n.domain else n.op_type for n in model.graph.node)
    return dict(collections.Counter(names).most_common())


def describe(label: str, model: onnx.ModelProto) -> str:
    """One paragraph: node count, opset, inputs, outputs, operators."""

    def shape(value: onnx.ValueInfoProto) -> str:
        dims = [d.dim_param or str(d.dim_value) for d in value.type.tensor_type.shape.dim]
        kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)).name
        return f"{value.name} {kind}[{', '.join(dims)}]"

    ops = ", ".join(f"{op} {count}" for op, count in histogram(model).items())
    return (
        f"{label}: {len(model.graph.node)} nodes, opset {model.opset_import[0].version}\n"
        f"  in   {'; '.join(shape(v) for v in model.graph.input)}\n"
        f"  out  {'; '.join(shape(v) for v in model.graph.output)}\n"
        f"  ops  {ops}"
    )
