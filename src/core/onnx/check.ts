/** @file The checker: names resolve, nothing is made twice, order is topological, stated types are what the operators give. */
import { StudioError } from "../errors.ts";
import { smallValue } from "./emit.ts";
import { describeNode, type Graph, typeOf } from "./graph.ts";
import { inferNode } from "./infer.ts";
import { sameDims } from "../tensor/shape.ts";

/**
 * Checks names and order of any graph.
 * @throws StudioError "model-corrupt" naming the first value that is wrong
 */
export function checkNames(graph: Graph): void {
  const known = new Set<string>(graph.constants.keys());
  for (const input of graph.inputs) {
    if (known.has(input.name)) fail(`The value "${input.name}" is an input and a constant at once`);
    known.add(input.name);
  }
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      if (input !== "" && !known.has(input)) {
        fail(`${describeNode(node)} reads "${input}", which nothing before it makes`);
      }
    }
    for (const output of node.outputs) {
      if (output === "") continue;
      if (known.has(output))
        fail(`The value "${output}" is made twice, the second time by ${describeNode(node)}`);
      known.add(output);
    }
  }
  for (const output of graph.outputs) {
    if (!known.has(output.name)) fail(`Nothing makes the output "${output.name}"`);
  }
}

/**
 * Checks a static graph: names, order, and that every value's stated type is the one its operator gives.
 * @throws StudioError "model-corrupt"
 */
export function checkStatic(graph: Graph): void {
  checkNames(graph);
  const scope = {
    opset: graph.opset,
    type: (name: string) => typeOf(graph, name),
    value: (name: string) => smallValue(graph.constants.get(name)),
  };
  for (const node of graph.nodes) {
    inferNode(node, scope).forEach((type, i) => {
      const name = node.outputs[i] ?? "";
      if (name === "") return;
      const stated = graph.types.get(name);
      if (stated === undefined) fail(`The value "${name}" of ${describeNode(node)} has no type`);
      else if (stated.dtype !== type.dtype || !sameDims(stated.dims, type.dims)) {
        fail(
          `The value "${name}" is stated as ${stated.dtype} [${stated.dims.join(", ")}] where ${describeNode(node)} gives ${type.dtype} [${type.dims.join(", ")}]`,
        );
      }
    });
  }
}

function fail(sentence: string): never {
  throw new StudioError("model-corrupt", `${sentence}; fetch or export the model again.`);
}
