/** @file What a rule sees of one node during the walk. */
import { smallValue } from "../onnx/emit.ts";
import { describeNode, type Node } from "../onnx/graph.ts";
import type { Maker } from "./make.ts";
import { refuse, type RuleContext } from "./rule.ts";

/**
 * @param needed inputs whose gradients the walk will read.
 * @param gradOutputs gradient of each output, null where nothing depends on it.
 */
export function contextOf(
  node: Node,
  needed: readonly number[],
  gradOutputs: readonly (string | null)[],
  make: Maker,
): RuleContext {
  const { emit } = make;
  const input = (index: number): string => node.inputs[index] ?? "";
  const gradOutput = (index: number): string | null => gradOutputs[index] ?? null;
  return {
    node,
    opset: emit.opset,
    emit,
    make,
    input,
    output: (index) => node.outputs[index] ?? "",
    type: (name) => emit.type(name),
    numbers: (index) => {
      if (input(index) === "") return undefined;
      const value = smallValue(emit.constantNamed(input(index)));
      return value
        ? Array.from(value.data)
        : refuse(`its input ${index} is computed, not constant`);
    },
    gradOutput,
    get dY() {
      const d = gradOutput(0);
      if (d === null)
        throw new Error(`nothing depends on the first output of ${describeNode(node)}`);
      return d;
    },
    needs: (index) => needed.includes(index),
  };
}
