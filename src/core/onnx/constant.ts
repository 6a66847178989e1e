/**
 * @file A graph's constant tensors as descriptions: where the bytes are and what is to be done to them.
 * Weights stay where they lie (in the model file, in an external data file) until a session needs them.
 */
import { POINTS } from "../convolution/winograd.ts";
import type { DType } from "../tensor/dtype.ts";
import { byteSize } from "../tensor/dtype.ts";
import { type NdArray, ndArray, toBytes } from "../tensor/nd-array.ts";
import { type Dims, elementCount, sameDims } from "../tensor/shape.ts";

/** What turns the bytes of one constant into those of another. */
export type Transform =
  | { readonly kind: "cast" }
  | { readonly kind: "reshape" }
  | { readonly kind: "transpose"; readonly perm: readonly number[] }
  /** [O, I, kh, kw] to [I, O, kh, kw], both spatial axes reversed: the weights of Conv's data gradient. */
  | { readonly kind: "flip-conv" }
  /** [O, I, 3, 3] to what a convolution by Winograd's algorithm multiplies with (core/convolution/winograd.ts), in a row. */
  | { readonly kind: "winograd" }
  /** [K, N] to [N / 8, K, 8], so that a loop over K reads 8 columns that lie side by side. */
  | { readonly kind: "panels" };

export type ConstantData =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A range of an external data file, named as the model names it. */
  | {
      readonly kind: "external";
      readonly location: string;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "derived"; readonly from: Constant; readonly transform: Transform }
  /** One after the other along the first axis. */
  | { readonly kind: "joined"; readonly parts: readonly Constant[] };

/** A constant tensor: `dims` and `dtype` are those of the value, after any transform. */
export interface Constant {
  readonly dtype: DType;
  readonly dims: Dims;
  readonly data: ConstantData;
}

export function constantBytes(constant: Constant): number {
  return elementCount(constant.dims) * byteSize(constant.dtype);
}

/** A constant made of the given numbers. */
export function constantOf(dtype: DType, dims: Dims, values: ArrayLike<number>): Constant {
  return constantFromArray(ndArray(dtype, dims, values));
}

export function constantFromArray(array: NdArray): Constant {
  return { dtype: array.dtype, dims: array.dims, data: { kind: "bytes", bytes: toBytes(array) } };
}

/** A cast that undoes an exact one (float16 to float32 and back) is none, whatever was moved in between. */
export function castConstant(from: Constant, dtype: DType): Constant {
  if (from.dtype === dtype) return from;
  if (from.dtype === "float32" && isWidened(from, dtype)) return unwidened(from, dtype);
  return { dtype, dims: from.dims, data: { kind: "derived", from, transform: { kind: "cast" } } };
}

/** Whether all that a float32 constant is made of was `dtype` before it was cast, and only moved otherwise. */
function isWidened({ data }: Constant, dtype: DType): boolean {
  if (dtype !== "float16" && dtype !== "bfloat16") return false;
  if (data.kind === "joined") return data.parts.every((part) => isWidened(part, dtype));
  if (data.kind !== "derived" || data.transform.kind === "winograd") return false;
  return data.transform.kind === "cast" ? data.from.dtype === dtype : isWidened(data.from, dtype);
}

function unwidened(constant: Constant, dtype: DType): Constant {
  const { data, dims } = constant;
  if (data.kind === "joined") {
    return {
      dtype,
      dims,
      data: { ...data, parts: data.parts.map((part) => unwidened(part, dtype)) },
    };
  }
  if (data.kind !== "derived") throw new Error("only what was cast can be cast back");
  if (data.transform.kind === "cast") return data.from;
  return { dtype, dims, data: { ...data, from: unwidened(data.from, dtype) } };
}

export function reshapeConstant(from: Constant, dims: Dims): Constant {
  if (elementCount(dims) !== elementCount(from.dims)) {
    throw new RangeError(
      `a constant of shape [${from.dims.join(", ")}] cannot be read as [${dims.join(", ")}]`,
    );
  }
  if (from.data.kind === "bytes" || from.data.kind === "fill") return { ...from, dims };
  return {
    dtype: from.dtype,
    dims,
    data: { kind: "derived", from, transform: { kind: "reshape" } },
  };
}

export function transposeConstant(from: Constant, perm: readonly number[]): Constant {
  const { data } = from;
  if (data.kind === "derived" && data.transform.kind === "transpose") {
    const before = data.transform.perm;
    const whole = perm.map((axis) => before[axis]!);
    const same = whole.every((axis, i) => axis === i);
    return same ? data.from : transposeConstant(data.from, whole);
  }
  return {
    dtype: from.dtype,
    dims: perm.map((axis) => from.dims[axis]!),
    data: { kind: "derived", from, transform: { kind: "transpose", perm } },
  };
}

export function flipConvConstant(from: Constant): Constant {
  const [outChannels, inChannels, kernelHeight, kernelWidth] = from.dims as [
    number,
    number,
    number,
    number,
  ];
  return {
    dtype: from.dtype,
    dims: [inChannels, outChannels, kernelHeight, kernelWidth],
    data: { kind: "derived", from, transform: { kind: "flip-conv" } },
  };
}

/** Weights [O, I, 3, 3] as [O / panel][9 I][panel], in a row. */
export function tapsConstant(from: Constant, panel: number): Constant {
  const count = elementCount(from.dims);
  const [outChannels] = from.dims as [number];
  const panels = reshapeConstant(from, [outChannels / panel, panel, count / outChannels]);
  return reshapeConstant(transposeConstant(panels, [0, 2, 1]), [count]);
}

/** Weights of a 3 x 3 convolution, transformed. */
export function winogradConstant(from: Constant): Constant {
  const [outChannels, inChannels] = from.dims as [number, number];
  return {
    dtype: from.dtype,
    dims: [POINTS ** 2 * outChannels * inChannels],
    data: { kind: "derived", from, transform: { kind: "winograd" } },
  };
}

/** Columns of a panel. */
export const PANEL_COLUMNS = 8;

/** A matrix whose columns are whole panels. */
export function panelsConstant(from: Constant): Constant {
  const [rows, columns] = from.dims as [number, number];
  return {
    dtype: from.dtype,
    dims: [columns / PANEL_COLUMNS, rows, PANEL_COLUMNS],
    data: { kind: "derived", from, transform: { kind: "panels" } },
  };
}

/** Constants of one type that differ in their first axis at most, along that axis. */
export function joinConstants(parts: readonly [Constant, ...Constant[]]): Constant {
  const [{ dtype, dims }] = parts;
  const rest = dims.slice(1);
  if (parts.some((part) => part.dtype !== dtype || !sameDims(part.dims.slice(1), rest))) {
    throw new RangeError("constants of different shapes cannot be put one after the other");
  }
  const first = parts.reduce((sum, part) => sum + part.dims[0]!, 0);
  return { dtype, dims: [first, ...rest], data: { kind: "joined", parts } };
}
