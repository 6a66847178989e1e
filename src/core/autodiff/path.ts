/** @file Which nodes carry a change of the `wrt` values to `of`: the only ones the reverse walk visits. */
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { isSupported } from "../onnx/operators/supported.ts";
import { isFloat } from "../tensor/dtype.ts";
import { NEVER_DIFFERENTIATED, REFUSED_INPUTS, VJP } from "./table.ts";

/** A node on the path, and which of its inputs the path comes in by. */
export interface Step {
  readonly node: Node;
  readonly inputs: readonly number[];
}

/** Inputs by which a change of `carriers` can change the outputs; none where the derivative is zero. */
function enteredBy(node: Node, carriers: ReadonlySet<string>): number[] {
  const never: readonly number[] = isSupported(node.opType)
    ? (NEVER_DIFFERENTIATED[node.opType] ?? [])
    : [];
  if (isSupported(node.opType) && "noGradient" in VJP[node.opType]) return [];
  return node.inputs.flatMap((name, i) => (carriers.has(name) && !never.includes(i) ? [i] : []));
}

/**
 * Steps from `wrt` to `of`, in the graph's order. Integers and booleans carry nothing: a Cast to one and back is a
 * step function, whose derivative is zero.
 */
export function pathBetween(graph: Graph, of: string, wrt: readonly string[]): Step[] {
  const carriers = new Set(wrt);
  const reached: Step[] = [];
  for (const node of graph.nodes) {
    const inputs = enteredBy(node, carriers);
    if (inputs.length === 0) continue;
    reached.push({ node, inputs });
    for (const output of node.outputs) {
      const type = typeOf(graph, output);
      if (output !== "" && (type === undefined || isFloat(type.dtype))) carriers.add(output);
    }
  }
  const wanted = new Set([of]);
  const path: Step[] = [];
  for (const step of reached.reverse()) {
    if (!step.node.outputs.some((output) => carriers.has(output) && wanted.has(output))) continue;
    for (const i of step.inputs) wanted.add(step.node.inputs[i]!);
    path.push(step);
  }
  return path.reverse();
}

/** Why the gradient cannot take this step, or undefined where a rule is there. */
export function obstacle({ node, inputs }: Step): string | undefined {
  const { opType } = node;
  if (!isSupported(opType)) return "the studio does not know this operator";
  const rule = VJP[opType];
  if ("refused" in rule) return rule.refused;
  const reasons = REFUSED_INPUTS[opType] ?? {};
  return inputs.map((i) => reasons[i]).find((reason) => reason !== undefined);
}
