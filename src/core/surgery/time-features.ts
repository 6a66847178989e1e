/**
 * @file Takes the sinusoidal embedding of the timestep out of the UNet, to be computed on the CPU in float64.
 * WGSL promises sin and cos only to 2^-11, and nothing at all outside [-π, π]; timesteps reach 999 radians. Left in
 * the graph, this one node costs three digits of every gradient on WebGPU.
 */
import { StudioError } from "../errors.ts";
import { smallValue } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { ndArray } from "../tensor/nd-array.ts";
import { prune } from "../passes/prune.ts";

/** Name of the input [B, F] that takes the timestep's place. */
export const TIME_INPUT = "time_features";

export interface TimeCut {
  /** The UNet with `time_features` in place of `timestep`. */
  readonly graph: Graph;
  /** Sinusoidal features, row-major [B, F], of one timestep a sample. */
  readonly features: (timesteps: ArrayLike<number>) => Float32Array;
}

/** Operators with weights: the time embedding's own layers, which stay in the UNet. */
const LAYERS: ReadonlySet<string> = new Set(["Gemm", "MatMul", "Conv"]);

/** @param graph static, with a float32 `timestep` [B] */
export function cutTimeFeatures(graph: Graph): TimeCut {
  const inside = new Set<Node>();
  const known = new Set(["timestep"]);
  for (const node of graph.nodes) {
    const fixed = node.inputs.every((name) => known.has(name) || graph.constants.has(name));
    if (!fixed || LAYERS.has(node.opType)) continue;
    inside.add(node);
    for (const output of node.outputs) known.add(output);
  }
  const crossing = new Set(
    graph.nodes
      .filter((node) => !inside.has(node))
      .flatMap((node) => node.inputs.filter((name) => known.has(name))),
  );
  const [features, ...others] = crossing;
  if (features === undefined || features === "timestep" || others.length > 0) {
    throw new StudioError(
      "model-not-a-unet",
      "The UNet does not embed its timestep by sines and cosines ahead of its first layer, as Stable Diffusion 1.x and 2.x do; choose the unet of such a model.",
    );
  }
  const type = graph.types.get(features)!;
  const prelude = prune(
    { ...graph, inputs: graph.inputs.filter(({ name }) => name === "timestep") },
    [features],
  );
  const rest = graph.nodes
    .filter((node) => !inside.has(node))
    .map((node) =>
      node.inputs.includes(features)
        ? { ...node, inputs: node.inputs.map((name) => (name === features ? TIME_INPUT : name)) }
        : node,
    );
  return {
    graph: prune({
      ...graph,
      inputs: graph.inputs.map((input) =>
        input.name === "timestep" ? { name: TIME_INPUT, ...type } : input,
      ),
      nodes: rest,
      types: new Map(graph.types).set(TIME_INPUT, type),
    }),
    features(timesteps) {
      const feed = ndArray("float32", graph.types.get("timestep")!.dims, timesteps);
      const values = evaluateGraph(
        prelude,
        new Map([["timestep", feed]]),
        [features],
        (name, constant) => {
          const value = smallValue(constant, Infinity);
          if (value !== undefined) return value;
          throw new StudioError(
            "model-unsupported",
            `The time embedding's constant "${name}" is not in the model file.`,
          );
        },
      );
      return Float32Array.from(values.get(features)!.data);
    },
  };
}
