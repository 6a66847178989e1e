/** @file The contract of a gradient rule: a vector-Jacobian product written as ONNX nodes. */
import type { Emitter } from "../onnx/emit.ts";
import type { Node, TensorType } from "../onnx/graph.ts";
import type { Maker } from "./make.ts";

export interface RuleContext {
  readonly node: Node;
  readonly opset: number;
  readonly emit: Emitter;
  /** Short spellings for the nodes a rule emits. */
  readonly make: Maker;
  /** Value name of an input; "" where it is omitted. */
  input(index: number): string;
  output(index: number): string;
  /** Type of an input or output value. */
  type(name: string): TensorType;
  /** Numbers of an input that is a small constant (axes, sizes, indices); undefined where it is omitted, refused where it is computed. */
  numbers(index: number): readonly number[] | undefined;
  /** Gradient of an output, or null where nothing downstream depends on it. At least one is not null. */
  gradOutput(index: number): string | null;
  /** Gradient of the first output; never null for an operator with one output. */
  readonly dY: string;
  /** False: the walk will not read this input's gradient, so the rule should not emit it. */
  needs(index: number): boolean;
}

/**
 * One entry per input: the gradient's value name, or null where it is not needed or zero. Missing entries are null.
 * The shape may be that of the output, where the input was broadcast: the walk sums it back to the input's.
 * It may also be one that broadcasts to the input's: the walk expands it, or lets an Add do so.
 */
export type VjpRule = (context: RuleContext) => (string | null)[];

/** Said, not implied: the derivative is zero wherever it exists, so no gradient passes, and why. */
export interface NoGradient {
  readonly noGradient: string;
}

/** Said, not implied: there is a derivative and the studio has no rule for it; a path through it is refused. */
export interface Refused {
  readonly refused: string;
}

export const noGradient = (why: string): NoGradient => ({ noGradient: why });
export const refused = (why: string): Refused => ({ refused: why });

/** What a rule throws about one node; the walk gathers these and names every such node at once. */
export class RuleRefusal extends Error {
  override readonly name = "RuleRefusal";
}

/** Refuses the node at hand. @param why a clause that goes on from the node's name: "its weights are computed". */
export function refuse(why: string): never {
  throw new RuleRefusal(why);
}
