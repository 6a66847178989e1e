"""The grid of single-operator cases that make_operator_cases.py computes: a few per operator, with
the edges that exporters reach (omitted inputs, negative axes, opsets that changed the operator).

Values are multiples of 1/8 from a seed, so that the file stays small and sums are nearly exact."""

from dataclasses import dataclass, field

import numpy as np
from onnx import TensorProto, numpy_helper


@dataclass
class Case:
    op: str
    inputs: list[np.ndarray | None]
    attributes: dict = field(default_factory=dict)
    opset: int = 20
    outputs: int = 1
    note: str = ""
    # onnx's implementation does not follow the specification here; the note says how.
    onnxruntime_only: bool = False


ALL: list[Case] = []


def add(
    op: str,
    *inputs: np.ndarray | None,
    opset=20,
    outputs=1,
    note="",
    onnxruntime_only=False,
    **attributes,
) -> None:
    ALL.append(Case(op, list(inputs), attributes, opset, outputs, note, onnxruntime_only))


RANDOM = np.random.default_rng(20)


def real(*dims: int, low=-16, high=17, dtype=np.float64) -> np.ndarray:
    return np.asarray(RANDOM.integers(low, high, dims) / 8, dtype)


def positive(*dims: int, dtype=np.float64) -> np.ndarray:
    return real(*dims, low=1, dtype=dtype)


def whole(*dims: int, low=-9, high=10, dtype=np.int64) -> np.ndarray:
    return RANDOM.integers(low, high, dims).astype(dtype)


def boolean(*dims: int) -> np.ndarray:
    return RANDOM.integers(0, 2, dims).astype(bool)


def i64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def scalar(value: float, dtype=np.float64) -> np.ndarray:
    return np.array(value, dtype)


INT64_MAX = np.iinfo(np.int64).max
INT64_MIN = np.iinfo(np.int64).min
F32 = np.float32


def unary() -> None:
    for op in ("Ceil", "Cos", "Erf", "Exp", "Floor", "Sigmoid", "Sin", "Tanh"):
        add(op, real(2, 3), opset=13)
        add(op, real(dtype=F32), opset=13, note="scalar, float32")
    for op in ("Log", "Sqrt", "Reciprocal"):
        add(op, positive(2, 3), opset=13)
        add(op, np.array([0.0, np.inf]), opset=13, note="edges")
    add("Erf", np.array([0, 0.125, 0.5, 1, 1.75, 2, 2.25, 3, 5, 6, -0.5, -2, np.inf, -np.inf]))
    for op in ("Abs", "Neg", "Sign", "Relu"):
        add(op, real(5), opset=14)
        add(op, whole(5, dtype=np.int32), opset=14, note="integers")
    add("Identity", whole(2, 2), opset=16)
    add("IsNaN", np.array([0, np.nan, np.inf, 1.5]))
    add("Not", boolean(4))
    x = np.array([-3, -1.5, -0.25, 0, 0.75, 2.5])
    add("Gelu", x)
    add("Gelu", x, approximate="tanh")
    casts()


def casts() -> None:
    to = lambda dtype: int(getattr(TensorProto, dtype))
    reals = np.array([-2.75, -0.5, 0, 0.1, 1.5, 100.6])
    for target in ("FLOAT16", "FLOAT", "DOUBLE", "INT8", "INT16", "INT32", "INT64", "BOOL"):
        add("Cast", reals, to=to(target), opset=13)
    for target in ("UINT8", "UINT16", "UINT32", "UINT64"):
        add("Cast", np.abs(reals), to=to(target), opset=13)
    add("Cast", np.array([1 + 2**-11, 1 + 3 * 2**-11, 65519, 65520, 2**-25, 2**-24], F32),
        to=to("FLOAT16"), opset=13, note="ties to even, overflow, underflow")  # fmt: skip
    add("Cast", whole(4), to=to("FLOAT"), opset=13)
    add("Cast", boolean(4), to=to("INT64"), opset=13)
    add("Cast", np.array([300, -129, 127]), to=to("INT8"), opset=13, note="wraps")


def binary() -> None:
    pairs = [((2, 3), (2, 3)), ((2, 3), ()), ((3, 1), (1, 4)), ((1, 3, 1), (2, 1, 2))]
    for op in ("Add", "Sub", "Mul", "Div"):
        for a, b in pairs:
            add(op, real(*a), positive(*b), opset=14)
    add("Add", whole(3), whole(3), opset=13)
    add("Mul", real(0, 3), real(3), opset=14, note="no elements")
    add("Div", i64(7, -7, 7, -7), i64(2, 2, -2, -2), opset=14, note="towards zero")
    for op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
        add(op, whole(3, 1, low=0, high=3), whole(1, 3, low=0, high=3), opset=16)
        add(op, real(3), real(3), opset=16)
    for op in ("And", "Or"):
        add(op, boolean(4), boolean(3, 4), opset=13)
    for op in ("Max", "Min"):
        add(op, real(3), opset=13)
        add(op, real(2, 1), real(3), real(), opset=13)
        add(op, whole(3), whole(2, 3), opset=13)
    add("Mod", i64(7, -7, 7, -7), i64(3, 3, -3, -3), opset=13)
    add("Mod", i64(7, -7, 7, -7), i64(3, 3, -3, -3), opset=13, fmod=1)
    add("Mod", real(4), positive(4), opset=13, fmod=1)
    add("Pow", positive(2, 3), real(3), opset=15)
    add("Pow", real(3), scalar(2, np.int64), opset=15, note="exponent of another type")
    add("Pow", i64(2, -3, 5), i64(3, 3, 0), opset=15)
    add("Where", boolean(2, 1), real(3), real(), opset=16)
    add("Where", np.array(True), whole(2), whole(1), opset=16)
    add("Clip", real(5), scalar(-0.5), scalar(0.75), opset=13)
    add("Clip", real(5), None, scalar(0.75), opset=13)
    add("Clip", real(5), scalar(0.5), opset=11)
    add("Clip", real(5), opset=13)
    add("Clip", whole(5), scalar(0, np.int64), scalar(3, np.int64), opset=13)


def linear() -> None:
    for a, b in [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
                 ((2, 1, 2, 3), (3, 3, 2)), ((1, 3), (2, 3, 1))]:  # fmt: skip
        add("MatMul", real(*a), real(*b), opset=13)
    add("MatMul", real(2, 0), real(0, 3), opset=13, note="empty sum")
    add("Gemm", real(2, 3), real(3, 4), real(4), opset=13)
    add("Gemm", real(3, 2), real(4, 3), real(2, 1), opset=13, transA=1, transB=1, alpha=0.5,
        beta=0.25)  # fmt: skip
    add("Gemm", real(2, 3), real(4, 3), opset=13, transB=1)
    add("Gemm", real(3, 2), real(3, 1), real(), opset=11, transA=1)


def convolution() -> None:
    image = (1, 2, 5, 4)
    add("Conv", real(*image, dtype=F32), real(3, 2, 3, 3, dtype=F32), real(3, dtype=F32),
        opset=11, pads=[1, 1, 1, 1])  # fmt: skip
    add("Conv", real(2, 2, 4, 4), real(2, 2, 1, 1), opset=11, kernel_shape=[1, 1])
    add("Conv", real(*image, dtype=F32), real(2, 2, 3, 2, dtype=F32), opset=11, strides=[2, 1],
        pads=[0, 1, 1, 0])  # fmt: skip
    add("Conv", real(1, 4, 3, 3, dtype=F32), real(6, 2, 2, 2, dtype=F32), real(6, dtype=F32),
        opset=11, group=2)  # fmt: skip
    add("Conv", real(1, 1, 6, 6, dtype=F32), real(1, 1, 2, 3, dtype=F32), opset=22,
        dilations=[3, 2])  # fmt: skip
    for pad in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        add("Conv", real(1, 1, 5, 4, dtype=F32), real(1, 1, 2, 3, dtype=F32), opset=11,
            strides=[2, 2], auto_pad=pad)  # fmt: skip
    add("AveragePool", real(*image, dtype=F32), opset=11, kernel_shape=[2, 2], strides=[2, 2])
    for include in (0, 1):
        add("AveragePool", real(*image, dtype=F32), opset=11, kernel_shape=[3, 2],
            pads=[1, 0, 1, 1], strides=[2, 1], count_include_pad=include)  # fmt: skip
    add("AveragePool", real(*image, dtype=F32), opset=11, kernel_shape=[3, 3], strides=[2, 2],
        auto_pad="SAME_UPPER")  # fmt: skip


def normalisation() -> None:
    x = real(2, 4, 3)
    add("InstanceNormalization", x, real(4), real(4), opset=6)
    add("InstanceNormalization", real(1, 2, 2, 3, dtype=F32), real(2, dtype=F32),
        real(2, dtype=F32), opset=22, epsilon=0.125)  # fmt: skip
    add("GroupNormalization", x, real(2), real(2), opset=18, num_groups=2, note="scale per group")
    add("GroupNormalization", x, real(4), real(4), opset=21, num_groups=2, epsilon=0.125)
    add("GroupNormalization", real(1, 4, 2, 2), real(4), real(4), opset=23, num_groups=4)
    add("LayerNormalization", real(2, 2, 3), real(3), real(3), opset=17)
    add("LayerNormalization", real(2, 2, 3), real(3), opset=17, epsilon=0.125, note="no bias")
    add("LayerNormalization", real(2, 2, 3, dtype=F32), real(2, 3, dtype=F32),
        real(2, 3, dtype=F32), opset=17, axis=1, outputs=3)  # fmt: skip
    add("LayerNormalization", real(2, 3, dtype=F32), real(3, dtype=F32), real(3, dtype=F32),
        opset=22, axis=-1, outputs=2)  # fmt: skip
    add("Softmax", real(2, 3), opset=13)
    add("Softmax", real(2, 3, 2), opset=13, axis=1)
    add("Softmax", np.array([[-np.inf, 0.5, 700.0]]), opset=13, note="range")
    before = "all axes from `axis` on, before opset 13; onnx's implementation knows only one axis"
    add("Softmax", real(2, 2, 3), opset=11, axis=2)
    add("Softmax", real(2, 3, 2), opset=11, onnxruntime_only=True, note=before)
    add("Softmax", real(2, 2, 3), opset=11, axis=0, onnxruntime_only=True, note=before)


def reductions() -> None:
    for op, since in (("ReduceMean", 18), ("ReduceMax", 18), ("ReduceProd", 18), ("ReduceSum", 13)):
        add(op, real(2, 3, 2), opset=11, axes=[1], keepdims=0)
        add(op, real(2, 3), opset=11)
        add(op, real(2, 3, 2), i64(-1, 0), opset=since)
        add(op, real(2, 3, 2), i64(1), opset=since, keepdims=0)
        add(op, real(2, 3), opset=since, keepdims=0, note="all axes")
        add(op, real(2, 2), i64(), opset=since, noop_with_empty_axes=1, note="no axes")
    add("ReduceSum", whole(2, 3), i64(0), opset=13)
    add("ReduceMean", np.array([[-3, -2], [7, 0]], np.int32), i64(1), note="towards zero")
    add("ReduceProd", whole(3), i64(0), opset=18, keepdims=0)
    add("ReduceMax", whole(2, 3), opset=13, axes=[-1])
    add("ReduceSum", real(2, 0), i64(1), opset=13, note="empty sum")
    add("ArgMax", i64(3, 9, 9, 1).reshape(2, 2), opset=13, axis=1)
    add("ArgMax", np.array([[1.5, 2, 2], [4, -1, 4]]), opset=13, axis=-1, keepdims=0)
    add("ArgMax", np.array([[1.5, 2, 2], [4, -1, 4]]), opset=13, axis=-1, select_last_index=1)
    add("ArgMax", real(2, 3), opset=11)
    add("CumSum", real(2, 3), scalar(1, np.int64), opset=14)
    add("CumSum", real(2, 3), scalar(-2, np.int64), opset=14, exclusive=1)
    add("CumSum", whole(4), scalar(0, np.int32), opset=14, reverse=1)
    add("CumSum", real(2, 3), scalar(1, np.int64), opset=11, exclusive=1, reverse=1)


def reshapes() -> None:
    add("Reshape", real(2, 3), i64(3, -1), opset=14)
    add("Reshape", real(2, 3, 2), i64(0, -1), opset=14)
    add("Reshape", real(2, 0), i64(0, 5, 2), opset=14, allowzero=1)
    add("Reshape", real(1, 1), i64(), opset=14, note="to a scalar")
    add("Flatten", real(2, 3, 2), opset=13)
    add("Flatten", real(2, 3, 2), opset=13, axis=-1)
    add("Flatten", real(2, 3), opset=13, axis=0)
    add("Flatten", real(2, 3), opset=13, axis=2)
    add("Squeeze", real(1, 2, 1), opset=13)
    add("Squeeze", real(1, 2, 1), i64(-1), opset=13)
    add("Squeeze", real(1, 2, 1), opset=11, axes=[0])
    add("Unsqueeze", real(2), i64(0, -1), opset=13)
    add("Unsqueeze", real(2, 3), opset=11, axes=[1])
    add("Unsqueeze", real(), i64(0), opset=13)


def layouts() -> None:
    add("Transpose", real(2, 3), opset=13)
    add("Transpose", real(2, 3, 2), opset=13, perm=[1, 2, 0])
    add("Expand", real(2, 1), i64(3), opset=13)
    add("Expand", real(2, 1), i64(2, 1, 3), opset=13)
    add("Expand", real(3), i64(1), opset=13, note="the input is the larger one")
    add("Expand", boolean(1), i64(0), opset=13, note="no elements")
    add("Tile", real(2, 2), i64(2, 1), opset=13)
    add("Tile", whole(1, 3), i64(1, 2), opset=13)
    for mode in ("DCR", "CRD"):
        add("DepthToSpace", real(1, 8, 1, 2), opset=13, blocksize=2, mode=mode)
    add("DepthToSpace", real(1, 4, 2, 1), opset=11, blocksize=2)
    add("Trilu", real(3, 3))
    add("Trilu", real(2, 2, 3), scalar(1, np.int64))
    add("Trilu", whole(3, 2), scalar(-1, np.int64), upper=0)
    add("Trilu", real(2, 3), scalar(1, np.int64), upper=0)


def slices() -> None:
    x = real(4, 5)
    add("Slice", x, i64(1), i64(3), opset=13)
    add("Slice", x, i64(1, 0), i64(INT64_MAX, -1), i64(-1, 0), i64(2, 1), opset=11)
    add("Slice", x, i64(-1), i64(INT64_MIN), i64(1), i64(-2), opset=13, note="backwards")
    add("Slice", x, i64(3), i64(0), i64(0), i64(-1), opset=13)
    add("Slice", x, i64(10), i64(20), opset=13, note="nothing left")
    add("Slice", x, i64(9), i64(-9), i64(0), i64(-3), opset=10, note="beyond both ends")
    add("Slice", x, i64(1).astype(np.int32), i64(2).astype(np.int32), None,
        i64(1).astype(np.int32), opset=13)  # fmt: skip
    add("Split", real(4, 2), outputs=2, opset=11)
    add("Split", real(2, 5), outputs=2, opset=11, axis=-1, split=[2, 3])
    add("Split", real(2, 5), i64(4, 1), outputs=2, opset=13, axis=1)
    add("Split", real(4), outputs=2, opset=13)
    add("Split", real(5, 2), outputs=3, opset=18, num_outputs=3)
    add("Split", real(2, 4), i64(0, 4), outputs=2, opset=18, axis=1)
    add("Concat", real(2, 1), real(2, 3), opset=13, axis=1)
    add("Concat", whole(1), whole(0), whole(2), opset=13, axis=0)
    add("Concat", real(1, 2, 2), real(2, 2, 2), opset=11, axis=-3)
    add("Pad", real(2, 2), i64(0, 1, 1, 0), opset=11)
    add("Pad", real(2, 2), i64(1, 0, 0, 2), scalar(0.5), opset=13, mode="constant")
    add("Pad", real(3, 4), i64(-1, 1, 0, -2), opset=13, onnxruntime_only=True,
        note="negative pads cut; onnx's implementation refuses them")  # fmt: skip
    add("Pad", real(2, 2), i64(1, 2), None, i64(-1), opset=18)


def gathers() -> None:
    x = real(3, 4)
    add("Gather", x, i64(2, 0), opset=13)
    add("Gather", x, i64(-1, 1).reshape(2, 1), opset=13, axis=1)
    add("Gather", x, scalar(1, np.int64), opset=13, axis=-1)
    add("Gather", whole(3), scalar(-1, np.int32), opset=11)
    add("GatherElements", x, i64(0, 1, 2, 0, 2, 2, 1, 1).reshape(2, 4), opset=13)
    add("GatherElements", x, i64(-1, 0, 1).reshape(3, 1), opset=13, axis=1)
    add("GatherND", x, i64(0, 1, 2, 3).reshape(2, 2), opset=13)
    add("GatherND", x, i64(2, 0).reshape(2, 1), opset=13)
    add("GatherND", real(2, 2, 3), i64(1, 0).reshape(2, 1), opset=13, batch_dims=1)
    add("GatherND", real(2, 3), i64(-1, -2), opset=13, note="one tuple")
    add("ScatterND", x, i64(2, 0).reshape(2, 1), real(2, 4), opset=16)
    add("ScatterND", x, i64(0, 1, -1, -1).reshape(2, 2), real(2), opset=13)
    add("ScatterND", x, i64(1, 1, 0).reshape(3, 1), real(3, 4), opset=16, reduction="add")


def resizes() -> None:
    x = real(1, 1, 2, 3, dtype=F32)
    scales = lambda *values: np.array(values, F32)
    roi = np.array([], F32)
    double = scales(1, 1, 2, 2)
    add("Resize", x, roi, double, opset=11, nearest_mode="floor",
        coordinate_transformation_mode="asymmetric")  # fmt: skip
    add("Resize", x, None, double, opset=13, mode="nearest")
    add("Resize", x, None, None, i64(1, 1, 3, 5), opset=13, nearest_mode="ceil",
        coordinate_transformation_mode="align_corners")  # fmt: skip
    add("Resize", x, roi, scales(), i64(1, 1, 4, 6), opset=11, nearest_mode="floor",
        coordinate_transformation_mode="asymmetric", note="empty scales")  # fmt: skip
    for mode in ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"):
        for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
            line = real(1, 1, 1, 4, dtype=F32)
            add("Resize", line, None, scales(1, 1, 1, 1.75), opset=13, nearest_mode=nearest,
                coordinate_transformation_mode=mode)  # fmt: skip
    add("Resize", real(1, 1, 4, 4, dtype=F32), None, scales(1, 1, 0.5, 0.75), opset=13)
    add("Resize", x, None, scales(2, 2), opset=18, axes=[2, 3])
    add("Resize", x, None, None, i64(5), opset=18, axes=[-1], nearest_mode="floor",
        coordinate_transformation_mode="asymmetric", onnxruntime_only=True,
        note="onnx's implementation does not take negative axes")  # fmt: skip
    add("Resize", x, None, scales(1, 1, 1, 2.5), opset=19,
        coordinate_transformation_mode="half_pixel_symmetric")  # fmt: skip
    add("Resize", x, roi, scales(1, 1, 1.75, 1.5), opset=11, onnxruntime_only=True,
        nearest_mode="floor", coordinate_transformation_mode="tf_half_pixel_for_nn",
        note="of opset 11 alone; onnx's implementation has only later ones")  # fmt: skip


def shapes() -> None:
    tensor = numpy_helper.from_array
    add("Constant", value=tensor(real(2, 2)))
    add("Constant", value=tensor(whole(3, dtype=np.int32)), opset=11)
    add("Constant", value_float=0.5)
    add("Constant", value_floats=[0.5, -1.25])
    add("Constant", value_int=7)
    add("Constant", value_ints=[3, -4])
    add("ConstantOfShape", i64(2, 3))
    add("ConstantOfShape", i64(2), value=tensor(np.array([7], np.int64)))
    add("ConstantOfShape", i64(), value=tensor(np.array([True])), opset=9, note="scalar")
    for start, limit, delta, dtype in [(0, 5, 2, np.int64), (3, -2, -2, np.int32),
                                       (0, 1, 0.25, F32), (4, 1, 1, np.int64)]:  # fmt: skip
        add("Range", scalar(start, dtype), scalar(limit, dtype), scalar(delta, dtype), opset=11)
    add("Shape", real(2, 3, 1), opset=13)
    add("Shape", real(2, 3, 1), opset=15, start=1)
    add("Shape", real(2, 3, 1), opset=15, start=-2, end=-1)
    add("Shape", real(2, 3), opset=15, start=-9, end=9)
    add("Shape", real(), opset=13)
    add("Size", real(2, 3), opset=13)
    add("Size", real(), opset=13)


for family in (unary, binary, linear, convolution, normalisation, reductions, reshapes, layouts,
               slices, gathers, resizes, shapes):  # fmt: skip
    family()
