/** @file Gradients of matrix products: MatMul with batch axes, and Gemm. */
import { float, floatAttribute, int, intAttribute } from "../../onnx/attributes.ts";
import { elementCount } from "../../tensor/shape.ts";
import type { Maker } from "../make.ts";
import type { RuleContext, VjpRule } from "../rule.ts";
import { centredGradient } from "./attention.ts";

/**
 * MatMul   Y = A·B        A [..., M, K]   B [..., K, N]   Y [..., M, N], batch axes broadcast
 *   dA = dY·Bᵀ            dB = Aᵀ·dY      batch axes summed by the walk
 * An operand with one axis is a row (A) or a column (B).
 */
export const matMul: VjpRule = (context) => {
  const { make, input, dY } = context;
  const [a, b] = [make.dims(input(0)), make.dims(input(1))];
  const left = a.length === 1 ? make.reshape(input(0), [1, a[0]!]) : input(0);
  const right = b.length === 1 ? make.reshape(input(1), [b[0]!, 1]) : input(1);
  const rows = make.dims(left).at(-2)!;
  const columns = make.dims(right).at(-1)!;
  const inner = make.dims(right).at(-2)!;
  const matrixAxes = (a.length === 1 ? 0 : 1) + (b.length === 1 ? 0 : 1);
  const batch = make.dims(dY).slice(0, make.dims(dY).length - matrixAxes);
  const grad = make.reshape(dY, [...batch, rows, columns]);
  if (make.dims(right).length === 2) {
    const [dA, dB] = sharedRight(context, left, right, grad, inner, columns);
    return [dA && make.reshape(dA, a), dB && make.reshape(dB, b)];
  }
  return bothBatched(context, left, right, grad);
};

/**
 * B [K, N] is shared by all batches: A is one long matrix A' [R, K], R all its rows.
 *   dA' = dY'·Bᵀ          dB = A'ᵀ·dY'    no [..., K, N] is ever made
 * A constant B is transposed before the session is made; the memory is reported.
 */
function sharedRight(
  { make, emit, needs }: RuleContext,
  left: string,
  right: string,
  grad: string,
  inner: number,
  columns: number,
): [dA: string | null, dB: string | null] {
  const flat = (x: string, width: number): string =>
    make.reshape(x, [elementCount(make.dims(x)) / width, width]);
  const dA = (): string =>
    emit.constantNamed(right) === undefined
      ? emit.op("Gemm", [flat(grad, columns), right], { transB: int(1) })
      : emit.op("MatMul", [grad, make.transpose(right, [1, 0])]);
  const dB = (): string =>
    emit.op("Gemm", [flat(left, inner), flat(grad, columns)], { transA: int(1) });
  return [needs(0) ? dA() : null, needs(1) ? dB() : null];
}

/**
 * Each product can be had in two ways; the one that moves fewer elements in transpositions is taken:
 *   dA = dY·Bᵀ  or  (B·dYᵀ)ᵀ          dB = Aᵀ·dY  or  (dYᵀ·A)ᵀ
 * With A the attention probabilities [B, H, T, T] the second form of dB turns [.., T, D] tensors only.
 */
function bothBatched(
  context: RuleContext,
  left: string,
  right: string,
  grad: string,
): (string | null)[] {
  const { make, emit, needs } = context;
  const product = (a: string, b: string): string => emit.op("MatMul", [a, b]);
  const ofLeft = (): string => {
    if (make.isAttention(left)) return centredGradient(context, right, grad);
    const direct = lastTwoSwapped(make, right).cost;
    const turned = elementCount(make.dims(grad)) + elementCount(make.dims(left));
    return direct <= turned
      ? product(grad, lastTwoSwapped(make, right).swap())
      : lastTwoSwapped(make, product(right, lastTwoSwapped(make, grad).swap())).swap();
  };
  const ofRight = (): string => {
    const direct = lastTwoSwapped(make, left).cost;
    const turned = elementCount(make.dims(grad)) + elementCount(make.dims(right));
    return direct <= turned
      ? product(lastTwoSwapped(make, left).swap(), grad)
      : lastTwoSwapped(make, product(lastTwoSwapped(make, grad).swap(), left)).swap();
  };
  return [needs(0) ? ofLeft() : null, needs(1) ? ofRight() : null];
}

/** The transpose of every matrix of a batch, and what making it would cost. */
function lastTwoSwapped(make: Maker, x: string): { cost: number; swap: () => string } {
  const rank = make.dims(x).length;
  const perm = Array.from({ length: rank }, (_, i) => i);
  perm.push(...perm.splice(rank - 2).reverse());
  return { cost: make.transposeCost(x, perm), swap: () => make.transpose(x, perm) };
}

/**
 * Gemm   Y = α A'·B' + β C      A' = A or Aᵀ [M, K],  B' = B or Bᵀ [K, N],  C broadcasts to Y [M, N]
 *   dA' = α dY·B'ᵀ              dB' = α A'ᵀ·dY        dC = β dY
 * and dA = dA' or dA'ᵀ, dB likewise; Gemm's own flags do every transposition, so no weight is kept twice.
 */
export const gemm: VjpRule = ({ node, make, emit, dY, input, needs }) => {
  const beta = floatAttribute(node, "beta", 1);
  const [a, b] = [input(0), input(1)];
  const turnedA = intAttribute(node, "transA", 0);
  const turnedB = intAttribute(node, "transB", 0);
  const alpha = float(floatAttribute(node, "alpha", 1));
  const product = (left: string, transA: number, right: string, transB: number): string =>
    emit.op("Gemm", [left, right], { alpha, transA: int(transA), transB: int(transB) });
  const dA = (): string => (turnedA ? product(b, turnedB, dY, 1) : product(dY, 0, b, 1 - turnedB));
  const dB = (): string => (turnedB ? product(dY, 1, a, turnedA) : product(a, 1 - turnedA, dY, 0));
  const dC = (): string => {
    const summed = make.sumTo(dY, make.dims(input(2)));
    return beta === 1 ? summed : make.mul(summed, beta);
  };
  return [needs(0) ? dA() : null, needs(1) ? dB() : null, needs(2) ? dC() : null];
};
