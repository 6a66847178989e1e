/**
 * @file One form for attention, in which exporters and diffusers' processors write it in several:
 *
 *   Q, V [B, H, T, D] = Transpose(Reshape(x W))      Kᵀ [B, H, D, K] likewise      O = softmax((s Q) Kᵀ) V
 *
 * The scale s goes to the queries, the smallest tensor: TorchScript exports have it behind the scores, where it is one
 * more pass over the largest tensor in each direction; scaled_dot_product_attention has half of it on queries and half on
 * keys. The result differs by the rounding of that one factor.
 */
import { int, ints, intsAttribute } from "../onnx/attributes.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { type MaskedAttention, maskedAttentions } from "./find-attention.ts";
import { prune } from "./prune.ts";
import {
  joined,
  reshapedView,
  type StridedView,
  transposedView,
  wholeView,
} from "./strided-view.ts";

/** Queries and values [B, T, H, D] to [B, H, T, D]; keys to [B, H, D, T]. */
const ROWS = [0, 2, 1, 3] as const;
const COLUMNS = [0, 2, 3, 1] as const;

/** A tensor whose heads an operand of attention is, and by how much it is scaled on the way. */
interface Source {
  readonly name: string;
  readonly scale: number;
  /** Moves and factors between. */
  readonly steps: number;
  readonly view: StridedView;
}

interface PlainAttention {
  readonly attention: MaskedAttention;
  readonly heads: number;
  readonly images: number;
  readonly queries: Source;
  readonly keys: Source;
  readonly values: Source;
}

/** @param graph static; attention with a mask stays as it is, and so does what is of another kind */
export function plainAttention(graph: Graph): Graph {
  const reader = new Reader(graph);
  const byProduct = new Map<Node, PlainAttention>();
  const gone = new Set<Node>();
  for (const attention of maskedAttentions(graph)) {
    const plain = attention.mask === undefined ? reader.read(attention) : undefined;
    if (plain === undefined) continue;
    byProduct.set(attention.product, plain);
    gone.add(attention.softmax);
  }
  if (byProduct.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const plain = byProduct.get(node);
    if (plain !== undefined) emitPlain(emit, plain);
    else if (!gone.has(node)) emit.copy(node);
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}

function emitPlain(emit: Emitter, { attention, heads, images, ...from }: PlainAttention): void {
  const { softmax, product } = attention;
  const [queries = 1, keys = 1] = emit.type(softmax.outputs[0]!).dims.slice(-2);
  const { dtype, dims } = emit.type(product.outputs[0]!);
  const size = dims.at(-1) ?? 1;
  const split = (name: string, positions: number, perm: readonly number[]): string => {
    const apart = emit.op("Reshape", [name, emit.ints([images, positions, heads, size])]);
    return emit.op("Transpose", [apart], { perm: ints(perm) });
  };
  const scale = meant(from.queries.scale * from.keys.scale * attention.scale, size);
  const q = split(from.queries.name, queries, ROWS);
  const scaled = scale === 1 ? q : emit.op("Mul", [q, emit.scalar(scale, dtype)]);
  const scores = emit.op("MatMul", [scaled, split(from.keys.name, keys, COLUMNS)]);
  // Softmax and product keep the names of their values, by which others know them.
  emit.copy({ ...softmax, inputs: [scores], attributes: new Map([["axis", int(-1)]]) });
  const v = split(from.values.name, keys, ROWS);
  const probabilities = softmax.outputs[0]!;
  if (dims.length === 4) {
    emit.copy({ ...product, inputs: [probabilities, v] });
    return;
  }
  const all = emit.op("MatMul", [probabilities, v]);
  const inputs = [all, emit.ints(dims)];
  emit.copy({ ...product, opType: "Reshape", inputs, attributes: new Map() });
}

/** A scale that is 1/√D but for the rounding of a half-precision export is 1/√D. */
function meant(scale: number, size: number): number {
  const exact = 1 / Math.sqrt(size);
  return Math.abs(scale / exact - 1) < 2 ** -10 ? exact : scale;
}

/** Reads attention off a graph. */
class Reader {
  private readonly graph: Graph;
  private readonly producers: ReadonlyMap<string, Node>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.producers = producersOf(graph);
  }

  /** Undefined where it is of another kind, or in this form already. */
  read(attention: MaskedAttention): PlainAttention | undefined {
    const { left, right, values } = attention;
    const [queries = 1, size = 1] = this.dims(left).slice(-2);
    const keys = this.dims(right).at(-1) ?? 1;
    const batch = this.dims(left).slice(0, -2);
    const sources = [this.source(left), this.source(right), this.source(values)] as const;
    const [q, k, v] = sources;
    if (q === undefined || k === undefined || v?.scale !== 1) return undefined;
    const plain =
      batch.length === 2 && q.steps <= 3 && k.steps === 2 && v.steps === 2 && attention.scale === 1;
    if (plain) return undefined;
    for (const images of divisors(attention.heads)) {
      const heads = attention.heads / images;
      const are = (source: Source, positions: number, perm: readonly number[]): boolean => {
        const whole = wholeView([images, positions, heads, size]);
        return sameView(source.view, transposedView(whole, perm));
      };
      const fits =
        are(q, queries, ROWS) && are(k, keys, COLUMNS) && are(v, keys, ROWS) && batch.length <= 2;
      if (fits) return { attention, heads, images, queries: q, keys: k, values: v };
    }
    return undefined;
  }

  /** The first tensor upstream that `value` is moved from, and how. */
  private source(value: string): Source | undefined {
    const chain: Node[] = [];
    let name = value;
    let scale = 1;
    for (let node = this.producers.get(name); node !== undefined; node = this.producers.get(name)) {
      if (node.opType === "Mul") {
        const at = node.inputs.findIndex((input) => this.graph.constants.has(input));
        const factor = smallValue(this.graph.constants.get(node.inputs[at] ?? ""))?.data;
        if (factor?.length !== 1) break;
        scale *= factor[0]!;
        name = node.inputs[1 - at]!;
      } else if (node.opType === "Reshape" || node.opType === "Transpose") {
        name = node.inputs[0]!;
      } else break;
      chain.push(node);
    }
    let view: StridedView | undefined = wholeView(this.dims(name));
    for (const node of chain.toReversed()) {
      const perm = intsAttribute(node, "perm", null);
      if (node.opType === "Reshape") view = reshapedView(view, this.dims(node.outputs[0]!));
      else if (node.opType === "Transpose") {
        view = perm === null ? undefined : transposedView(view, perm);
      }
      if (view === undefined) return undefined;
    }
    return { name, scale, view, steps: chain.length };
  }

  private dims(name: string): readonly number[] {
    return typeOf(this.graph, name)?.dims ?? [];
  }
}

/** Same rows and columns, of the same matrices in the same order, whatever the axes before them are called. */
function sameView(a: StridedView, b: StridedView): boolean {
  const parts = (view: StridedView): number[][] =>
    [joined(view.slice(0, -2).flat()), ...view.slice(-2)].map((runs) =>
      runs.flatMap(({ size, stride }) => [size, stride]),
    );
  const other = parts(b);
  return parts(a).every((part, i) => sameDims(part, other[i] ?? []));
}

function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}
