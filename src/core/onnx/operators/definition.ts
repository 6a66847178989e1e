/** @file What an operator has to say for itself: its output types from its input types, and its values. */
import type { NdArray } from "../../tensor/nd-array.ts";
import type { Node, TensorType } from "../graph.ts";

/** What a type rule may look at. */
export interface InferContext {
  readonly node: Node;
  readonly opset: number;
  /** Number of inputs the node lists, omitted ones included. */
  readonly inputCount: number;
  has(input: number): boolean;
  /** Type of an input that is present; throws by name where it is omitted. */
  type(input: number): TensorType;
  /** Value of an input where it is a known constant small enough to look at (axes, shapes, splits); else undefined. */
  value(input: number): NdArray | undefined;
  /** Value of an input that the rule cannot do without; throws a sentence that names the node and the input. */
  requireValue(input: number): NdArray;
}

/** What an evaluation rule may look at. Values are computed in float64 whatever their type. */
export interface EvaluateContext {
  readonly node: Node;
  readonly opset: number;
  readonly inputCount: number;
  has(input: number): boolean;
  input(input: number): NdArray;
  /** Types of the outputs, from the operator's own type rule. */
  readonly outputTypes: readonly TensorType[];
}

export interface OperatorDefinition {
  /** Types of all outputs the node lists. Throws an Error with the reason where the inputs do not fit. */
  infer(context: InferContext): TensorType[];
  /** Values of all outputs the node lists, written from the ONNX operator specification, slow and plain. */
  evaluate(context: EvaluateContext): NdArray[];
}
