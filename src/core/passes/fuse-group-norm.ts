/** @file GroupNorm, its scale and shift, and a SiLU that alone reads it, as one operator. */
import { groupNormsOf } from "../autodiff/composites.ts";
import { float, int } from "../onnx/attributes.ts";
import { reshapeConstant } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import { prune } from "./prune.ts";

/** Most groups that the engine's function is told of. */
export interface NormLimits {
  readonly groups: number;
}

export function fuseGroupNorm(graph: Graph, limits: NormLimits): Graph {
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const norms = groupNormsOf(graph);
  /** The Mul of a SiLU of `value` that nothing else reads. */
  const siluOf = (value: string): Node | undefined => {
    const found = readers.get(value) ?? [];
    const sigmoid = found.find(({ opType }) => opType === "Sigmoid");
    const product = found.find(({ opType }) => opType === "Mul");
    const s = sigmoid?.outputs[0] ?? "";
    if (found.length !== 2 || outputs.has(value) || outputs.has(s)) return undefined;
    return product?.inputs.includes(s) === true && readers.get(s)?.length === 1
      ? product
      : undefined;
  };
  const fused = new Map<Node, { readonly norm: (typeof norms)[number]; readonly silu: boolean }>();
  for (const norm of norms) {
    const dims = typeOf(graph, norm.input)?.dims ?? [];
    if (norm.groups > limits.groups || elementCount(dims.slice(2)) % 4 !== 0) continue;
    const silu = siluOf(norm.last.outputs[0] ?? "");
    fused.set(silu ?? norm.last, { norm, silu: silu !== undefined });
  }
  if (fused.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const found = fused.get(node);
    if (found === undefined) {
      emit.copy(node);
      continue;
    }
    const { input, gamma, beta, groups, epsilon, channels } = found.norm;
    const perChannel = (name: string): string =>
      emit.constant(reshapeConstant(graph.constants.get(name)!, [channels]), `${name}_channels`);
    emit.copy({
      ...node,
      opType: "FusedGroupNorm",
      inputs: [input, perChannel(gamma), perChannel(beta)],
      attributes: new Map([
        ["groups", int(groups)],
        ["epsilon", float(epsilon)],
        ["silu", int(found.silu ? 1 : 0)],
      ]),
    });
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}
