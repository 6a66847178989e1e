/** @file Gradients of arithmetic with broadcasting; every rule returns the output's shape and the walk sums it back. */
import { elementCount } from "../../tensor/shape.ts";
import type { RuleContext, VjpRule } from "../rule.ts";

/**
 * Add   Y = A + B      A, B any two shapes that broadcast to Y's
 *   dA = dY            dB = dY
 */
export const add: VjpRule = ({ dY }) => [dY, dY];

/**
 * Sub   Y = A - B
 *   dA = dY            dB = -dY, summed to B's shape before the sign changes
 */
export const sub: VjpRule = ({ make, dY, input, needs }) => [
  dY,
  needs(1) ? make.neg(make.sumTo(dY, make.dims(input(1)))) : null,
];

/**
 * Mul   Y = A ∘ B
 *   dA = dY ∘ B        dB = dY ∘ A
 */
export const mul: VjpRule = ({ make, dY, input, needs }) => [
  needs(0) ? make.mul(dY, input(1)) : null,
  needs(1) ? make.mul(dY, input(0)) : null,
];

/**
 * Div   Y = A / B
 *   dA = dY / B        dB = -dY ∘ A / B² = -(dY / B) ∘ Y
 */
export const div: VjpRule = ({ make, dY, input, output, needs }) => {
  const quotient = make.div(dY, input(1));
  const dB = (): string => make.neg(make.sumTo(make.mul(quotient, output(0)), make.dims(input(1))));
  return [quotient, needs(1) ? dB() : null];
};

/**
 * Pow   Y = X^P        P a number, or any shape that broadcasts with X's; P itself is not differentiated
 *   dX = dY ∘ P ∘ X^(P-1);   with P = 2 this is dY ∘ 2X, and no power is taken
 */
export const pow: VjpRule = ({ make, emit, dY, input, type, numbers }) => {
  const x = input(0);
  const exponentDims = make.dims(input(1));
  const isConstant = emit.constantNamed(input(1)) !== undefined;
  if (isConstant && elementCount(exponentDims) === 1) {
    const [p = 1] = numbers(1) ?? [];
    const power = p === 2 ? x : make.pow(x, p - 1);
    return [make.mul(dY, make.mul(power, p))];
  }
  const p = make.cast(input(1), type(x).dtype);
  return [make.mul(dY, make.mul(make.pow(x, make.sub(p, 1)), p))];
};

/**
 * Where   Y = C ? A : B      C boolean
 *   dA = dY ∘ [C]            dB = dY ∘ [not C]; a product with C in C's own, mostly small, shape
 */
export const where: VjpRule = ({ make, emit, dY, input, type, needs }) => {
  const gated = (condition: string): string => make.mul(dY, make.cast(condition, type(dY).dtype));
  return [
    null,
    needs(1) ? gated(input(0)) : null,
    needs(2) ? gated(emit.op("Not", [input(0)])) : null,
  ];
};

/**
 * Max, Min   Y = the largest (smallest) of A_1, A_2, ...
 *   dA_i = dY ∘ [A_i = Y] / n,   n how many of them equal Y: equal inputs share, as in PyTorch
 */
export const extremum: VjpRule = ({ node, make, emit, dY, input, output, type, needs }) => {
  const { dtype } = type(dY);
  const chosen = node.inputs.map((_, i) =>
    make.cast(emit.op("Equal", [input(i), output(0)]), dtype),
  );
  const share = make.div(
    dY,
    chosen.reduce((total, mask) => make.add(total, mask)),
  );
  return chosen.map((mask, i) => (needs(i) ? make.mul(share, mask) : null));
};

/** The mask [condition] as numbers of the type of `like`. */
function indicator(
  { emit, make, type }: RuleContext,
  condition: "Equal" | "Greater" | "Less",
  a: string,
  b: string,
): string {
  return make.cast(emit.op(condition, [a, b]), type(a).dtype);
}

/**
 * Clip   Y = min(max(X, low), high)
 *   dX = dY ∘ [X = Y]: passes at the bounds themselves, as in PyTorch
 */
export const clip: VjpRule = (context) => {
  const { make, dY, input, output } = context;
  return [make.mul(dY, indicator(context, "Equal", input(0), output(0)))];
};

/**
 * Relu   Y = max(X, 0)
 *   dX = dY ∘ [Y > 0]
 */
export const relu: VjpRule = (context) => {
  const { make, emit, dY, output, type } = context;
  const zero = emit.scalar(0, type(dY).dtype);
  return [make.mul(dY, indicator(context, "Greater", output(0), zero))];
};

/**
 * Abs   Y = |X|
 *   dX = dY ∘ ([X > 0] - [X < 0]); the WebGPU provider has no Sign
 */
export const abs: VjpRule = (context) => {
  const { make, emit, dY, input, type } = context;
  const zero = emit.scalar(0, type(dY).dtype);
  const sign = make.sub(
    indicator(context, "Greater", input(0), zero),
    indicator(context, "Less", input(0), zero),
  );
  return [make.mul(dY, sign)];
};
