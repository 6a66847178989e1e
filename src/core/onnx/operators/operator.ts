/** @file Operators with one output: settings worked out once, in one function, for typing and for evaluation alike. */
import { ndArray } from "../../tensor/nd-array.ts";
import type { Node, TensorType } from "../graph.ts";
import type { EvaluateContext, InferContext, OperatorDefinition } from "./definition.ts";

/** What an output type may depend on, whether the inputs are only typed or already computed. */
export interface Settings {
  readonly node: Node;
  readonly opset: number;
  /** Number of inputs the node lists, omitted ones included. */
  readonly inputCount: number;
  has(input: number): boolean;
  type(input: number): TensorType;
  /** Numbers of an input that the output type depends on (axes, shapes, pads). */
  numbers(input: number): readonly number[];
}

export function settingsToInfer(context: InferContext): Settings {
  return {
    node: context.node,
    opset: context.opset,
    inputCount: context.inputCount,
    has: (input) => context.has(input),
    type: (input) => context.type(input),
    numbers: (input) => Array.from(context.requireValue(input).data),
  };
}

export function settingsToEvaluate(context: EvaluateContext): Settings {
  return {
    node: context.node,
    opset: context.opset,
    inputCount: context.inputCount,
    has: (input) => context.has(input),
    type: (input) => context.input(input),
    numbers: (input) => Array.from(context.input(input).data),
  };
}

/**
 * An operator with one output.
 * @param plan type of the output, with whatever else the evaluation needs to know.
 * @param values elements of the output, row-major.
 */
export function operator<Plan extends TensorType>(
  plan: (settings: Settings) => Plan,
  values: (plan: Plan, context: EvaluateContext) => Float64Array,
): OperatorDefinition {
  return {
    infer: (context) => {
      const { dtype, dims } = plan(settingsToInfer(context));
      return [{ dtype, dims }];
    },
    evaluate: (context) => {
      const planned = plan(settingsToEvaluate(context));
      return [ndArray(planned.dtype, planned.dims, values(planned, context))];
    },
  };
}

/** "[2, 3]", as messages show a shape. */
export const show = (dims: ArrayLike<number>): string => `[${Array.from(dims).join(", ")}]`;
