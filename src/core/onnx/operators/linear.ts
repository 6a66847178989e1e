/** @file Matrix products: MatMul and Gemm. */
import { broadcastDims, type Dims } from "../../tensor/shape.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { broadcast, broadcastOffsets } from "./offsets.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

interface Matrix {
  readonly data: Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** target [M, N] += A [M, K] · B [K, N]. */
function accumulateProduct(
  target: Float64Array,
  offset: number,
  [m, k, n]: readonly [number, number, number],
  a: Matrix,
  b: Matrix,
): void {
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const factor = a.data[a.offset + i * a.rowStride + l * a.columnStride]!;
      const row = b.offset + l * b.rowStride;
      const out = offset + i * n;
      for (let j = 0; j < n; j++) target[out + j]! += factor * b.data[row + j * b.columnStride]!;
    }
  }
}

/** A [..., M, K], B [..., K, N]; a vector on the left is a row, on the right a column. */
function matMulPlan(s: Settings) {
  const { dtype, dims: a } = s.type(0);
  const { dims: b } = s.type(1);
  const inner = a.at(-1);
  const rows = b.length === 1 ? b[0] : b.at(-2);
  if (inner === undefined || rows === undefined || inner !== rows) {
    throw new Error(`its inputs of shape ${show(a)} and ${show(b)} cannot be multiplied`);
  }
  const m = a.length === 1 ? 1 : a.at(-2)!;
  const n = b.length === 1 ? 1 : b.at(-1)!;
  const batch = broadcastDims(a.slice(0, -2), b.slice(0, -2));
  const dims: Dims = [...batch, ...(a.length === 1 ? [] : [m]), ...(b.length === 1 ? [] : [n])];
  return { dtype, dims, batch, m, k: inner, n };
}

function gemmPlan(s: Settings) {
  const { dtype, dims: a } = s.type(0);
  const { dims: b } = s.type(1);
  if (a.length !== 2 || b.length !== 2) {
    throw new Error(`its inputs of shape ${show(a)} and ${show(b)} are not both matrices`);
  }
  const transA = intAttribute(s.node, "transA", 0) !== 0;
  const transB = intAttribute(s.node, "transB", 0) !== 0;
  const [m, k] = (transA ? [a[1], a[0]] : a) as [number, number];
  const [rows, n] = (transB ? [b[1], b[0]] : b) as [number, number];
  if (k !== rows) {
    throw new Error(
      `its inputs of shape ${show(a)}${transA ? " (transposed)" : ""} and ${show(b)}${transB ? " (transposed)" : ""} cannot be multiplied`,
    );
  }
  const dims = [m, n];
  if (s.has(2)) {
    const bias = s.type(2).dims;
    if (show(broadcastDims(bias, dims)) !== show(dims)) {
      throw new Error(`its bias of shape ${show(bias)} does not broadcast to ${show(dims)}`);
    }
  }
  return { dtype, dims, transA, transB, m, k, n };
}

export const LINEAR = {
  /** C = alpha · A' · B' + beta · bias, with A' and B' transposed where transA and transB say so. */
  Gemm: operator(gemmPlan, ({ dims, transA, transB, m, k, n }, c) => {
    const out = new Float64Array(m * n);
    const a = { data: c.input(0).data, offset: 0 };
    const b = { data: c.input(1).data, offset: 0 };
    accumulateProduct(
      out,
      0,
      [m, k, n],
      { ...a, rowStride: transA ? 1 : k, columnStride: transA ? m : 1 },
      { ...b, rowStride: transB ? 1 : n, columnStride: transB ? k : 1 },
    );
    const alpha = floatAttribute(c.node, "alpha", 1);
    const scaled = out.map((x) => alpha * x);
    if (!c.has(2)) return scaled;
    const beta = floatAttribute(c.node, "beta", 1);
    const bias = broadcast(c.input(2).data, c.input(2).dims, dims);
    return scaled.map((x, i) => x + beta * bias[i]!);
  }),
  MatMul: operator(matMulPlan, ({ batch, m, k, n }, c) => {
    const a = c.input(0);
    const b = c.input(1);
    const matricesOfA = broadcastOffsets(a.dims.slice(0, -2), batch);
    const matricesOfB = broadcastOffsets(b.dims.slice(0, -2), batch);
    const out = new Float64Array(matricesOfA.length * m * n);
    matricesOfA.forEach((matrixOfA, i) => {
      accumulateProduct(
        out,
        i * m * n,
        [m, k, n],
        { data: a.data, offset: matrixOfA * m * k, rowStride: k, columnStride: 1 },
        { data: b.data, offset: matricesOfB[i]! * k * n, rowStride: n, columnStride: 1 },
      );
    });
    return out;
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
