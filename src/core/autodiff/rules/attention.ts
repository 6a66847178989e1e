/** @file The gradient of attention probabilities with the softmax's reduction folded into the matrix product. */
import { int } from "../../onnx/attributes.ts";
import type { RuleContext } from "../rule.ts";

/** Inner sizes are rounded up to this: the WebGPU product reads four numbers at a time. */
const VECTOR = 4;

/**
 * P = softmax S   [..., T, K]        O = P·V        V [..., K, D]   O [..., T, D]
 *   dP = dO·Vᵀ                       dS = P ∘ (dP - δ),   δ = Σ_k dP ∘ P   [..., T, 1]
 * Both T x K passes for δ can be saved, because
 *   δ_t = Σ_k P_tk Σ_d dO_td V_kd = Σ_d dO_td O_td            (FlashAttention, arXiv 2205.14135, appendix B.2)
 * and the subtraction is one more term of the product:
 *   dP - δ = [dO, -δ]·[V, 1]ᵀ
 * What is returned is dP - δ, marked as centred for the softmax's rule; no other reader of P exists.
 */
export function centredGradient(
  { make, emit, output }: RuleContext,
  v: string,
  dO: string,
): string {
  const rank = make.dims(v).length;
  const last = rank - 1;
  const width = make.dims(v)[last] ?? 1;
  const padding = VECTOR - 1 - (width % VECTOR);
  const delta = make.neg(make.reduce("ReduceSum", make.mul(dO, output(0)), [last], true));
  const { dtype } = emit.type(v);
  const column = (x: string, count: number, value: number): string[] =>
    count === 0 ? [] : [make.fill(dtype, [...make.dims(x).slice(0, -1), count], value)];
  const beside = (parts: string[]): string => emit.op("Concat", parts, { axis: int(last) });
  const left = beside([dO, delta, ...column(dO, padding, 0)]);
  const right = beside([v, ...column(v, 1, 1), ...column(v, padding, 0)]);
  const perm = make.dims(v).map((_, axis) => axis);
  perm.push(...perm.splice(last - 1).reverse());
  const centred = emit.op("MatMul", [left, make.transpose(right, perm)]);
  make.centred.add(centred);
  return centred;
}
