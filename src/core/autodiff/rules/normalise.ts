/** @file Gradients of the normalisations, arranged so that the tensor is passed over as seldom as possible. */
import { floatAttribute, intAttribute } from "../../onnx/attributes.ts";
import { smallValue } from "../../onnx/emit.ts";
import { elementCount, normalAxis } from "../../tensor/shape.ts";
import { refuse, type RuleContext, type VjpRule } from "../rule.ts";

/*
 * All three normalise groups of N elements and then scale and shift:
 *   Y = s ∘ x̂ + t,   x̂ = r (X - μ),   μ = mean X,   r = 1 / √(mean X² - μ² + ε)
 * With G = s ∘ dY and all means over a group,
 *   dX = r (G - mean G - x̂ ∘ mean(G ∘ x̂))
 *   ds = Σ dY ∘ x̂,   dt = Σ dY
 * Since mean(G ∘ x̂) = r (mean(G ∘ X) - μ mean G), x̂ need not be made:
 *   dX = r G + b X - c,   b = r³ (μ mean G - mean(G ∘ X)),   c = r mean G + b μ
 * where r, b, c are one number a group.
 */

/** b and c of the equation above, from μ, r and the two means; all of them one number a group. */
function affine(
  { make }: RuleContext,
  mean: string,
  r: string,
  meanG: string,
  meanGX: string,
): { b: string; c: string } {
  const cube = make.mul(make.mul(r, r), r);
  const b = make.mul(cube, make.sub(make.mul(mean, meanG), meanGX));
  return { b, c: make.add(make.mul(r, meanG), make.mul(b, mean)) };
}

/**
 * LayerNormalization   X, Y [..., N]; groups are the axes from `axis` on; s, t their shape
 * μ and r are outputs 1 and 2 of the forward node, which cost nothing to ask for.
 * Six passes (s∘dY, G∘X, r G, b X, their sum, less c) and two reductions.
 */
export const layerNormalization: VjpRule = (context) => {
  const { node, make, emit, input, type, gradOutput, needs } = context;
  if (gradOutput(1) !== null || gradOutput(2) !== null) {
    refuse("its mean and deviation are used as values; that is not differentiated");
  }
  const { dY } = context;
  const x = input(0);
  const rank = make.dims(x).length;
  const first = normalAxis(intAttribute(node, "axis", -1), rank);
  const axes = Array.from({ length: rank - first }, (_, i) => first + i);
  // The forward node computes its statistics in float32 where X is float16.
  const saved = (output: number): string =>
    make.cast(emit.ensureOutput(node, output), type(x).dtype);
  const dX = (): string => {
    const [mean, r] = [saved(1), saved(2)];
    const g = make.mul(dY, input(1));
    const meanG = make.reduce("ReduceMean", g, axes, true);
    const meanGX = make.reduce("ReduceMean", make.mul(g, x), axes, true);
    const { b, c } = affine(context, mean, r, meanG, meanGX);
    return make.sub(make.add(make.mul(g, r), make.mul(x, b)), c);
  };
  const dScale = (): string => make.mul(dY, make.mul(make.sub(x, saved(1)), saved(2)));
  return [needs(0) ? dX() : null, needs(1) ? dScale() : null, needs(2) ? dY : null];
};

/** InstanceNormalization   X, Y [B, C, ...]; a group is one channel of one image; s, t [C] */
export const instanceNormalization: VjpRule = (context) =>
  grouped(context, context.make.dims(context.input(0))[1]!, "channel");

/**
 * GroupNormalization   X, Y [B, C, ...]; `num_groups` groups of consecutive channels of one image
 * s, t have one number a channel since operator set 21, one a group before.
 */
export const groupNormalization: VjpRule = (context) =>
  grouped(
    context,
    intAttribute(context.node, "num_groups", 1),
    context.opset < 21 ? "group" : "channel",
  );

/** The same for a norm whose s and t have one number a channel, whatever operators it is made of. */
export const groupedByChannel = (context: RuleContext, groups: number): (string | null)[] =>
  grouped(context, groups, "channel");

/**
 * X as [B, groups, C / groups, pixels], so that a group is the last two axes.
 * Means of dY and dY∘X are taken over the pixels first: s is applied to those few numbers and to r, never to
 * the tensor. Six passes (X∘X, dY∘X, (s r) dY, b X, their sum, less c) and four reductions. The variance as
 * mean X² - μ² carries a relative rounding error of about (1 + μ²/variance) units in the last place.
 */
function grouped(
  context: RuleContext,
  groups: number,
  scaledBy: "channel" | "group",
): (string | null)[] {
  const { node, make, emit, dY, input, needs } = context;
  const [batch = 1, channels = 1, ...spatial] = make.dims(input(0));
  const pixels = elementCount(spatial);
  const each = channels / groups;
  const split = [batch, groups, each, pixels];
  const x = make.reshape(input(0), split);
  const d = make.reshape(dY, split);
  const scaleDims = [1, groups, scaledBy === "channel" ? each : 1, 1];

  const unit = isOne(context, input(1));
  const scaled = (m: string): string => (unit ? m : make.mul(m, make.reshape(input(1), scaleDims)));
  // Where s is 1 and not differentiated, the pixels of single channels are of no interest.
  const axes = unit && !needs(1) && !needs(2) ? [2, 3] : [3];
  const meanD = (): string => make.reduce("ReduceMean", d, axes, true);
  const meanDX = (): string => make.reduce("ReduceMean", make.mul(d, x), axes, true);
  const overGroup = (m: string): string =>
    axes.length === 1 && each > 1 ? make.reduce("ReduceMean", m, [2], true) : m;

  const statistics = (): { mean: string; r: string } => {
    const mean = make.reduce("ReduceMean", x, [2, 3], true);
    const meanSquare = make.reduce("ReduceMean", make.mul(x, x), [2, 3], true);
    const variance = make.sub(meanSquare, make.mul(mean, mean));
    const deviation = emit.op("Sqrt", [
      make.add(variance, floatAttribute(node, "epsilon", Math.fround(1e-5))),
    ]);
    return { mean, r: emit.op("Reciprocal", [deviation]) };
  };
  const dX = (): string => {
    const { mean, r } = statistics();
    const [meanG, meanGX] = [meanD(), meanDX()].map((m) => overGroup(scaled(m)));
    const { b, c } = affine(context, mean, r, meanG!, meanGX!);
    const whole = make.sub(make.add(make.mul(d, scaled(r)), make.mul(x, b)), c);
    return make.reshape(whole, make.dims(input(0)));
  };
  const collected = (m: string): string =>
    make.reshape(make.mul(make.sumTo(m, scaleDims), pixels), make.dims(input(1)));
  const dScale = (): string => {
    const { mean, r } = statistics();
    return collected(make.mul(make.sub(meanDX(), make.mul(mean, meanD())), r));
  };
  return [needs(0) ? dX() : null, needs(1) ? dScale() : null, needs(2) ? collected(meanD()) : null];
}

function isOne({ emit }: RuleContext, name: string): boolean {
  return smallValue(emit.constantNamed(name))?.data.every((s) => s === 1) ?? false;
}
