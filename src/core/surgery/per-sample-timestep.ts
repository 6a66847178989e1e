/** @file One timestep a sample: the UNet's `timestep` as a float32 vector [B], whatever the export made of it. */
import { StudioError } from "../errors.ts";
import type { Declared, Graph, Node } from "../onnx/graph.ts";
import { prune } from "../passes/prune.ts";
import { Wiring } from "./follow.ts";

/** Shape to specialise the timestep input with: [B] where the file leaves it open, else as it is declared. */
export function timestepDims(declared: Declared, batch: number): number[] {
  return declared.dims.map((dim) => (typeof dim === "number" ? dim : batch));
}

/**
 * Replaces the expansion of a single timestep to the batch by the input itself, now one number a sample.
 * Exports declare it as a scalar, [1], [steps] or [batch]; training needs the last.
 * @param graph static, with the timestep already float32
 */
export function perSampleTimestep(graph: Graph, batch: number): Graph {
  const input = graph.inputs.find(({ name }) => name === "timestep");
  if (input === undefined) throw new StudioError("internal", "The UNet has no timestep input.");
  if (input.dims.length === 1 && input.dims[0] === batch) return graph;
  const expanded = expansion(new Wiring(graph), batch);
  if (expanded === undefined) {
    throw new StudioError(
      "model-unsupported",
      `The UNet's timestep is fixed to [${input.dims.join(", ")}] and is not expanded to a batch of ${batch}; export it with a dynamic timestep or train with a batch of 1.`,
    );
  }
  const output = expanded.outputs[0]!;
  const types = new Map(graph.types).set("timestep", { dtype: input.dtype, dims: [batch] });
  return prune({
    ...graph,
    inputs: graph.inputs.map((other) => (other === input ? { ...input, dims: [batch] } : other)),
    nodes: graph.nodes
      .filter((node) => node !== expanded)
      .map((node) => ({
        ...node,
        inputs: node.inputs.map((name) => (name === output ? "timestep" : name)),
      })),
    types,
  });
}

function expansion(wiring: Wiring, batch: number): Node | undefined {
  const open = ["timestep"];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    for (const node of wiring.readers(value)) {
      if (!wiring.passes(node, value, false)) continue;
      const dims = wiring.graph.types.get(node.outputs[0]!)?.dims;
      if (dims?.length === 1 && dims[0] === batch) return node;
      open.push(node.outputs[0]!);
    }
  }
  return undefined;
}
