/** @file Gradients of functions of one tensor, element by element; X, Y, dX, dY all have one shape. */
import { stringAttribute } from "../../onnx/attributes.ts";
import type { Maker } from "../make.ts";
import type { VjpRule } from "../rule.ts";

/** Y = X, and Cast between floating-point types:   dX = dY in X's type */
export const cast: VjpRule = ({ make, dY, input, type }) => [make.cast(dY, type(input(0)).dtype)];

/** Y = -X:   dX = -dY */
export const neg: VjpRule = ({ make, dY }) => [make.neg(dY)];

/** Y = exp X:   dX = dY ∘ Y */
export const exp: VjpRule = ({ make, dY, output }) => [make.mul(dY, output(0))];

/** Y = ln X:   dX = dY / X */
export const log: VjpRule = ({ make, dY, input }) => [make.div(dY, input(0))];

/** Y = √X:   dX = dY / 2Y */
export const sqrt: VjpRule = ({ make, dY, output }) => [make.div(make.mul(dY, 0.5), output(0))];

/** Y = 1 / X:   dX = -dY ∘ Y² */
export const reciprocal: VjpRule = ({ make, dY, output }) => [
  make.neg(make.mul(make.mul(dY, output(0)), output(0))),
];

/** Y = sin X:   dX = dY ∘ cos X */
export const sin: VjpRule = ({ make, emit, dY, input }) => [
  make.mul(dY, emit.op("Cos", [input(0)])),
];

/** Y = cos X:   dX = -dY ∘ sin X */
export const cos: VjpRule = ({ make, emit, dY, input }) => [
  make.neg(make.mul(dY, emit.op("Sin", [input(0)]))),
];

/** Y = σ(X) = 1 / (1 + exp -X):   dX = dY ∘ (Y - Y²); three passes, from the output alone */
export const sigmoid: VjpRule = ({ make, dY, output }) => {
  const y = output(0);
  return [make.mul(dY, make.sub(y, make.mul(y, y)))];
};

/** Y = tanh X:   dX = dY ∘ (1 - Y²) */
export const tanh: VjpRule = ({ make, dY, output }) => [
  make.mul(dY, oneMinusSquare(make, output(0))),
];

const oneMinusSquare = (make: Maker, y: string): string => make.sub(1, make.mul(y, y));

/** Y = erf X:   dX = dY ∘ 2/√π exp(-X²) = dY ∘ exp(ln(2/√π) - X²); the factor costs no pass of its own */
export const erf: VjpRule = ({ make, dY, input }) => {
  const x = input(0);
  const density = make.exp(make.sub(Math.log(2 / Math.sqrt(Math.PI)), make.mul(x, x)));
  return [make.mul(dY, density)];
};

/**
 * Gelu   Y = X ∘ Φ(X)
 *   exact:  Φ(X) = (1 + erf(X/√2)) / 2               dX = dY ∘ (Φ(X) + X ∘ exp(-X²/2) / √(2π))
 *   tanh:   Φ(X) = (1 + t) / 2, t = tanh(k(X + cX³)), k = √(2/π), c = 0.044715
 *           dX = dY ∘ ((1 + t) / 2 + X ∘ (1 - t²) ∘ (k/2 + 3kc/2 X²))
 */
export const gelu: VjpRule = ({ node, make, emit, dY, input }) => {
  const x = input(0);
  const square = make.mul(x, x);
  const half = (t: string): string => make.add(make.mul(t, 0.5), 0.5);
  if (stringAttribute(node, "approximate", "none") === "tanh") {
    const k = Math.sqrt(2 / Math.PI);
    const c = 0.044715;
    const inner = make.mul(x, make.add(make.mul(square, k * c), k));
    const t = emit.op("Tanh", [inner]);
    const slope = make.add(make.mul(square, 1.5 * k * c), 0.5 * k);
    const bend = make.mul(make.mul(x, oneMinusSquare(make, t)), slope);
    return [make.mul(dY, make.add(half(t), bend))];
  }
  const share = half(emit.op("Erf", [make.mul(x, Math.SQRT1_2)]));
  const density = make.exp(make.sub(-0.5 * Math.log(2 * Math.PI), make.mul(square, 0.5)));
  return [make.mul(dY, make.add(share, make.mul(x, density)))];
};
