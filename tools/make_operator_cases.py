"""Write reference values of single ONNX operators, for the tests of src/core/onnx/operators.

    python tools/make_operator_cases.py [--out tests/reference/operator-cases.json]

Every case of operator_cases.py is computed by onnx's own reference implementation, and again by
onnxruntime where it has a kernel for those types. Where the two differ the script stops, unless
the case says how onnx's implementation departs from the operator specification.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, NotImplemented

import operator_cases
from operator_cases import Case

# Both compute in the type of the values; float32 sums of a few dozen terms stay within this.
AGREE = {"float64": 1e-9, "float32": 2e-5, "float16": 2e-3}
IR_VERSION = 10


def model_of(case: Case) -> onnx.ModelProto:
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(case.inputs)]
    while names and names[-1] == "":
        names.pop()
    outputs = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(case.op, names, outputs, **case.attributes)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
        for name, x in zip(names, case.inputs)
        if x is not None
    ]
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph([node], case.op, inputs, results)
    opset = helper.make_opsetid("", case.opset)
    return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def by_onnx(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [np.asarray(y) for y in ReferenceEvaluator(model).run(None, feeds)]


def by_onnxruntime(
    model: onnx.ModelProto, feeds: dict[str, np.ndarray]
) -> list[np.ndarray] | None:
    """Outputs, or None where onnxruntime has no kernel for these types."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return session.run(None, feeds)
    except (NotImplemented, InvalidGraph, Fail):
        return None


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    def close(x: np.ndarray, y: np.ndarray) -> bool:
        if x.shape != y.shape or x.dtype != y.dtype:
            return False
        if x.dtype.kind != "f":
            return bool(np.array_equal(x, y))
        tolerance = AGREE[x.dtype.name]
        return bool(np.allclose(x, y, rtol=tolerance, atol=tolerance, equal_nan=True))

    return len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))


def expected(case: Case) -> tuple[list[np.ndarray], bool]:
    """Outputs, and whether both implementations were heard."""
    model = model_of(case)
    feeds = {f"x{i}": x for i, x in enumerate(case.inputs) if x is not None}
    ours = None if case.onnxruntime_only else by_onnx(model, feeds)
    theirs = by_onnxruntime(model, feeds)
    if ours is not None and theirs is not None and not same(ours, theirs):
        raise SystemExit(f"{case}\nonnx:        {ours}\nonnxruntime: {theirs}")
    found = ours if ours is not None else theirs
    if found is None:
        raise SystemExit(f"{case}\nonnxruntime has no kernel for it")
    return found, ours is not None and theirs is not None


def number(x: np.generic) -> int | float | str:
    if x.dtype.kind != "f":
        return int(x)
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    value = float(x)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def tensor(x: np.ndarray | None) -> dict | None:
    if x is None:
        return None
    return {
        "dtype": x.dtype.name,
        "dims": list(x.shape),
        "data": [number(v) for v in x.reshape(-1)],
    }


def attribute(name: str, value: object) -> dict:
    proto = helper.make_attribute(name, value)
    kind = onnx.AttributeProto.AttributeType.Name(proto.type).lower()
    if kind == "tensor":
        return {"type": kind, "value": tensor(numpy_helper.to_array(proto.t))}
    found = helper.get_attribute_value(proto)
    if kind == "string":
        found = found.decode()
    return {"type": kind, "value": list(found) if kind.endswith("s") else found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/reference/operator-cases.json"))
    arguments = parser.parse_args()
    lines = []
    confirmed = 0
    for case in operator_cases.ALL:
        outputs, both = expected(case)
        confirmed += both
        lines.append(
            json.dumps(
                {
                    "op": case.op,
                    "opset": case.opset,
                    "note": case.note,
                    "attributes": {k: attribute(k, v) for k, v in case.attributes.items()},
                    "inputs": [tensor(x) for x in case.inputs],
                    "outputs": [tensor(y) for y in outputs],
                },
                separators=(",", ":"),
            )
        )
    arguments.out.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    operators = len({case.op for case in operator_cases.ALL})
    size = arguments.out.stat().st_size
    print(f"{len(lines)} cases of {operators} operators, {confirmed} confirmed twice, {size} bytes")


if __name__ == "__main__":
    main()
