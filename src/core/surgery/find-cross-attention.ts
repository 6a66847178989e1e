/**
 * @file Finds the cross-attention blocks of a UNet by structure: a projection of `encoder_hidden_states` whose result
 * reaches a softmax through one product is a key, one that is multiplied by that softmax is its value. Never by name.
 */
import { StudioError } from "../errors.ts";
import { intAttribute } from "../onnx/attributes.ts";
import { type Constant, transposeConstant } from "../onnx/constant.ts";
import { describeNode, type Graph, type Node } from "../onnx/graph.ts";
import { Wiring } from "./follow.ts";

/** A bias-free linear layer Y = X W of the graph. */
export interface Projection {
  readonly node: Node;
  /** Value Y. */
  readonly output: string;
  /** W as the right operand of a product: [inputs, features]. */
  readonly weight: Constant;
  /** The constant's own name in the graph, and whether the node reads it transposed ([features, inputs]). */
  readonly weightName: string;
  readonly transposed: boolean;
  readonly features: number;
}

export interface CrossAttention {
  readonly key: Projection;
  readonly value: Projection;
  readonly query: Projection;
  /** The output projection, and the addition of its bias. */
  readonly out: Projection;
  readonly outBias: { readonly node: Node; readonly name: string };
  /** Output of the block's softmax; identifies the block. */
  readonly softmax: string;
}

/**
 * All cross-attention blocks in order of execution.
 * @param expected how many there must be, where that is known (16 for Stable Diffusion 1.x and 2.x)
 * @throws StudioError "model-not-a-unet" saying what was found and what was expected
 */
export function findCrossAttention(
  graph: Graph,
  conditioning: string,
  expected?: number,
): CrossAttention[] {
  const wiring = new Wiring(graph);
  const keys = new Map<string, Projection>();
  const values = new Map<string, Projection>();
  const strangers: Node[] = [];
  for (const { node, reads } of wiring.endsOf(conditioning, false)) {
    const projection = projectionAt(wiring, node, reads);
    const role = projection === undefined ? undefined : roleOf(wiring, projection.output);
    if (projection === undefined || role === undefined) strangers.push(node);
    else (role.kind === "key" ? keys : values).set(role.softmax, projection);
  }
  const found = `${keys.size} key and ${values.size} value projections`;
  const wanted =
    expected === undefined ? "as many of each, and at least one" : `${expected} of each`;
  const paired = [...keys.keys()].every((softmax) => values.has(softmax));
  if (
    strangers.length > 0 ||
    keys.size === 0 ||
    keys.size !== values.size ||
    !paired ||
    (expected !== undefined && keys.size !== expected)
  ) {
    const also =
      strangers.length === 0
        ? ""
        : ` "${conditioning}" also feeds ${strangers.slice(0, 3).map(describeNode).join(", ")}, which the studio does not know.`;
    throw new StudioError(
      "model-not-a-unet",
      `This is not a UNet the studio can train: it has ${found} of its text input where ${wanted} were expected.${also} Choose the unet of a Stable Diffusion 1.x or 2.x model.`,
    );
  }
  return graph.nodes
    .filter((node) => node.opType === "Softmax" && keys.has(node.outputs[0]!))
    .map((node) => {
      const softmax = node.outputs[0]!;
      const [key, value] = [keys.get(softmax)!, values.get(softmax)!];
      return { key, value, softmax, ...surroundings(wiring, softmax, key) };
    });
}

/** `node` as a bias-free linear layer that reads `input` on the left; undefined where it is something else. */
function projectionAt(wiring: Wiring, node: Node, input: string): Projection | undefined {
  const weightName = node.inputs[1] ?? "";
  const constant = wiring.graph.constants.get(weightName);
  if (node.inputs[0] !== input || constant?.dims.length !== 2) return undefined;
  const gemm = node.opType === "Gemm";
  if (gemm) {
    const plain =
      (node.inputs[2] ?? "") === "" &&
      intAttribute(node, "transA", 0) === 0 &&
      !node.attributes.has("alpha");
    if (!plain) return undefined;
  } else if (node.opType !== "MatMul") return undefined;
  const transposed = gemm && intAttribute(node, "transB", 0) === 1;
  const weight = transposed ? transposeConstant(constant, [1, 0]) : constant;
  return {
    node,
    output: node.outputs[0]!,
    weight,
    weightName,
    transposed,
    features: weight.dims[1]!,
  };
}

/** Key or value, and of which softmax: the product that a projection enters decides. */
function roleOf(
  wiring: Wiring,
  projected: string,
): { readonly kind: "key" | "value"; readonly softmax: string } | undefined {
  const products = wiring.endsOf(projected, true).filter(({ node }) => node.opType === "MatMul");
  const product = products[0];
  if (products.length !== 1 || product === undefined) return undefined;
  const { node, reads } = product;
  const other = node.inputs[0] === reads ? node.inputs[1]! : node.inputs[0]!;
  const origin = wiring.originOf(other, true);
  if (origin?.opType === "Softmax") return { kind: "value", softmax: origin.outputs[0]! };
  const softmax = softmaxAfter(wiring, node);
  return softmax === undefined ? undefined : { kind: "key", softmax };
}

function softmaxAfter(wiring: Wiring, product: Node): string | undefined {
  const ends = wiring.endsOf(product.outputs[0]!, true);
  return ends.find(({ node }) => node.opType === "Softmax")?.node.outputs[0];
}

/** The query projection that meets the key, and the output projection with its bias behind the value. */
function surroundings(
  wiring: Wiring,
  softmax: string,
  key: Projection,
): Pick<CrossAttention, "query" | "out" | "outBias"> {
  const scores = wiring.originOf(wiring.producers.get(softmax)!.inputs[0]!, true);
  const keyed = wiring.endsOf(key.output, true)[0]!.reads;
  const queried = scores?.inputs.find((input) => input !== keyed);
  const queryNode = queried === undefined ? undefined : wiring.originOf(queried, true);
  const query =
    queryNode === undefined ? undefined : projectionAt(wiring, queryNode, queryNode.inputs[0]!);
  const mixed = wiring.endsOf(softmax, true).find(({ node }) => node.opType === "MatMul")?.node;
  const outEnd = mixed === undefined ? undefined : wiring.endsOf(mixed.outputs[0]!, true)[0];
  const out = outEnd === undefined ? undefined : projectionAt(wiring, outEnd.node, outEnd.reads);
  const bias = out === undefined ? undefined : wiring.readers(out.output)[0];
  const biasName = bias?.inputs.find((input) => wiring.isConstant(input));
  if (query === undefined || out === undefined || bias === undefined || biasName === undefined) {
    throw new StudioError(
      "model-not-a-unet",
      `The cross-attention around ${describeNode(key.node)} has no plain ${query === undefined ? "query" : "output"} projection; export the UNet without fused attention.`,
    );
  }
  return { query, out, outBias: { node: bias, name: biasName } };
}
