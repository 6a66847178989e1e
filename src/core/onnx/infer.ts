/** @file Types of one node's outputs: looks the operator up, turns its complaints into sentences that name the node. */
import { StudioError } from "../errors.ts";
import { type NdArray } from "../tensor/nd-array.ts";
import { elementCount } from "../tensor/shape.ts";
import { describeNode, type Node, type TensorType } from "./graph.ts";
import type { InferContext } from "./operators/definition.ts";
import { isSupported } from "./operators/supported.ts";
import { OPERATORS } from "./operators/table.ts";

/** Where inference looks names up. */
export interface ValueScope {
  readonly opset: number;
  type(name: string): TensorType | undefined;
  /** The value where it is a small known constant. */
  value(name: string): NdArray | undefined;
}

/**
 * Types of all outputs of `node`.
 * @throws StudioError "model-unsupported-operator" where the operator is not one of ours,
 *   "model-corrupt" where an input is missing or the shapes do not fit.
 */
export function inferNode(node: Node, scope: ValueScope): TensorType[] {
  if (!isSupported(node.opType)) throw unsupportedOperator([node]);
  const context: InferContext = {
    node,
    opset: scope.opset,
    inputCount: node.inputs.length,
    has: (i) => (node.inputs[i] ?? "") !== "",
    type: (i) => {
      const name = node.inputs[i] ?? "";
      const type = name === "" ? undefined : scope.type(name);
      if (type === undefined)
        throw new Error(`the type of its input ${i} ("${name}") is not known`);
      return type;
    },
    value: (i) => {
      const name = node.inputs[i] ?? "";
      return name === "" ? undefined : scope.value(name);
    },
    requireValue: (i) => {
      const name = node.inputs[i] ?? "";
      const value = name === "" ? undefined : scope.value(name);
      if (value === undefined) {
        throw new Error(`its input ${i} ("${name}") has to be a constant and is computed instead`);
      }
      return value;
    },
  };
  let types: TensorType[];
  try {
    types = OPERATORS[node.opType].infer(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError("model-corrupt", `${describeNode(node)} cannot be typed: ${reason}.`, {
      cause,
    });
  }
  for (const type of types) {
    if (!type.dims.every((d) => Number.isSafeInteger(d) && d >= 0)) {
      throw new StudioError(
        "model-corrupt",
        `${describeNode(node)} would have an output of shape [${type.dims.join(", ")}].`,
      );
    }
    if (elementCount(type.dims) > Number.MAX_SAFE_INTEGER) {
      throw new StudioError(
        "model-corrupt",
        `${describeNode(node)} has an impossibly large output.`,
      );
    }
  }
  return types;
}

/** The refusal for operators the toolkit does not have: each is named once with the first node that uses it. */
export function unsupportedOperator(nodes: readonly Node[]): StudioError {
  const first = new Map<string, Node>();
  for (const node of nodes) if (!first.has(node.opType)) first.set(node.opType, node);
  const list = [...first.values()].map(describeNode).join(", ");
  return new StudioError(
    "model-unsupported-operator",
    `This model uses ${first.size === 1 ? "an operator" : "operators"} that the studio does not support: ${list}. Export it with a standard exporter (optimum or torch.onnx, without fused operators).`,
  );
}
