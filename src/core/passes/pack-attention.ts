/**
 * @file Attention as exporters write it (projections, heads, a scale, scores, a softmax, a product, heads again) put
 * together as one operator with packed inputs, where the engine has that operator.
 */
import { int, intsAttribute } from "../onnx/attributes.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { emitMasked, type Masked, maskedSelf, wholeBlocks } from "./masked-attention.ts";
import { type MaskedAttention, maskedAttentions } from "./find-attention.ts";
import { prune } from "./prune.ts";

/** What the engine's function can do (core/wasm/attention): heads, positions, and floats of its scratch memory. */
export interface PackedLimits {
  readonly heads: number;
  readonly positions: number;
  readonly scratch: number;
}

interface Packable {
  readonly heads: number;
  /** [B, S, C] and twice [B, T, C], before heads are told apart. */
  readonly queries: string;
  readonly keys: string;
  readonly values: string;
  /** The node that puts the heads together again. */
  readonly last: Node;
  readonly masked: Masked | undefined;
}

export function packAttention(graph: Graph, limits: PackedLimits): Graph {
  const found = new Map<Node, Packable>();
  const reader = new Reader(graph);
  for (const attention of maskedAttentions(graph)) {
    const packable = reader.packable(attention, limits);
    if (packable !== undefined) found.set(packable.last, packable);
  }
  if (found.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const packable = found.get(node);
    if (packable === undefined) emit.copy(node);
    else emitPacked(emit, packable, reader);
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}

function emitPacked(emit: Emitter, packable: Packable, reader: Reader): void {
  const { queries, keys, values, last, heads, masked } = packable;
  const output = last.outputs[0] ?? "";
  const finish = (opType: string, inputs: readonly string[]): void => {
    const attributes = new Map([["heads", int(heads)]]);
    emit.copy({ opType, name: output, inputs, outputs: [output], attributes });
  };
  const beside = (parts: readonly string[], axis: number): string =>
    emit.op("Concat", parts, { axis: int(axis) });
  if (masked !== undefined) {
    emitMasked(emit, masked, { last, heads });
    return;
  }
  const same = sameDims(emit.type(queries).dims, emit.type(keys).dims);
  if (!same) {
    finish("PackedCrossAttention", [beside([keys, values], 2), queries]);
    return;
  }
  const three = [queries, keys, values];
  const weights = reader.sharedProjection(three);
  // One product in place of three where all are projections of the same tensor.
  const packed =
    weights === undefined
      ? beside(three, 2)
      : emit.op("MatMul", [weights.input, beside(weights.weights, 1)]);
  const like = weights?.likeOutput === true ? weights.input : queries;
  finish("PackedSelfAttention", [packed, like]);
}

/** Reads attention off a graph. */
class Reader {
  private readonly graph: Graph;
  private readonly producers: ReadonlyMap<string, Node>;
  private readonly readers: ReadonlyMap<string, readonly Node[]>;
  private readonly outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.producers = producersOf(graph);
    this.readers = consumersOf(graph);
    this.outputs = new Set(graph.outputs.map(({ name }) => name));
  }

  packable(attention: MaskedAttention, limits: PackedLimits): Packable | undefined {
    const left = this.headsOf(attention.left, [0, 2, 1, 3]);
    const right = this.headsOf(attention.right, [0, 2, 3, 1]);
    const values = this.headsOf(attention.values, [0, 2, 1, 3]);
    const last = this.togetherAgain(attention.product);
    if (left === undefined || right === undefined || values === undefined || last === undefined) {
      return undefined;
    }
    const [, positions = 0, heads = 0, size = 0] = left.dims;
    const keys = right.dims[1] ?? 0;
    const scale = left.scale * right.scale * attention.scale * Math.sqrt(size);
    const three = [left.from, right.from, values.from];
    const masked =
      attention.mask === undefined ? undefined : maskedSelf(this.graph, three, attention.mask);
    const same = sameDims(right.dims, values.dims) && values.dims[3] === size;
    const [padded, queries] =
      masked === undefined
        ? [wholeBlocks(keys), positions]
        : [wholeBlocks(keys), wholeBlocks(positions)];
    const fits =
      heads <= limits.heads &&
      queries <= limits.positions &&
      queries % 8 === 0 &&
      size % 8 === 0 &&
      padded * (5 * size + 16) + 40 * size <= limits.scratch;
    if (attention.mask !== undefined && masked === undefined) return undefined;
    if (!same || !fits || values.scale !== 1 || Math.abs(scale - 1) > 1e-6) return undefined;
    const from = { queries: left.from, keys: right.from, values: values.from };
    return { heads, ...from, last, masked };
  }

  /** The tensor [B, S, C] of which `value` is the heads, transposed so, perhaps times a number. */
  private headsOf(
    value: string,
    perm: readonly number[],
  ): { from: string; scale: number; dims: readonly number[] } | undefined {
    let scale = 1;
    let node = this.producers.get(value);
    while (node?.opType === "Mul") {
      const factor = smallValue(this.graph.constants.get(node.inputs[1] ?? ""));
      if (factor?.data.length !== 1) return undefined;
      scale *= factor.data[0]!;
      node = this.producers.get(node.inputs[0] ?? "");
    }
    if (node?.opType !== "Transpose" || !sameDims(intsAttribute(node, "perm", []), perm)) {
      return undefined;
    }
    const reshape = this.producers.get(node.inputs[0] ?? "");
    const from = reshape?.inputs[0] ?? "";
    const dims = this.dims(reshape?.outputs[0]);
    const [images, positions, heads = 0, size = 0] = dims;
    const whole = [images, positions, heads * size];
    if (reshape?.opType !== "Reshape" || dims.length !== 4) return undefined;
    if (!sameDims(this.dims(from), whole as number[])) return undefined;
    return { from, scale, dims };
  }

  /** The Reshape to [B, S, C] after the product's Transpose, where nothing else reads what is between. */
  private togetherAgain(product: Node): Node | undefined {
    const transpose = this.onlyReader(product);
    if (transpose?.opType !== "Transpose") return undefined;
    if (!sameDims(intsAttribute(transpose, "perm", []), [0, 2, 1, 3])) return undefined;
    const reshape = this.onlyReader(transpose);
    const [images, positions, heads = 0, size = 0] = this.dims(transpose.outputs[0]);
    const whole = [images, positions, heads * size] as number[];
    const fits = reshape?.opType === "Reshape" && sameDims(this.dims(reshape.outputs[0]), whole);
    return fits ? reshape : undefined;
  }

  /** Where all values are the same tensor times a matrix each: that tensor and the matrices. */
  sharedProjection(
    values: readonly string[],
  ): { input: string; weights: readonly string[]; likeOutput: boolean } | undefined {
    const products = values.map((value) => this.producers.get(value));
    const input = products[0]?.inputs[0] ?? "";
    const weights = products.map((node) => node?.inputs[1] ?? "");
    const shared = products.every(
      (node, i) =>
        node?.opType === "MatMul" &&
        node.inputs[0] === input &&
        this.dims(weights[i]).length === 2 &&
        this.onlyNode(values[i] ?? ""),
    );
    if (!shared) return undefined;
    return { input, weights, likeOutput: sameDims(this.dims(input), this.dims(values[0])) };
  }

  private onlyNode(value: string): boolean {
    return this.readers.get(value)?.length === 1 && !this.outputs.has(value);
  }

  private onlyReader({ outputs }: Node): Node | undefined {
    const value = outputs[0] ?? "";
    return this.onlyNode(value) ? this.readers.get(value)?.[0] : undefined;
  }

  private dims(value: string | undefined): readonly number[] {
    const name = value ?? "";
    return (this.graph.constants.get(name) ?? typeOf(this.graph, name))?.dims ?? [];
  }
}
