/**
 * @file Recomputation: of the forward pass only what crosses the borders of a few segments is kept; the rest is computed
 * again, segment by segment, when the backward pass comes to it (Chen et al., arXiv 1604.06174).
 *
 * All of it stays one graph with one copy of the weights. Two things have to be kept from onnxruntime: it would take equal
 * nodes for one, and it would compute again far too early, for it orders nodes by what they read. So whatever a segment
 * begins with has a zero added that is made of the gradients which have to be there before:
 *
 *   again(x) = x + 0 · Σ first element of every gradient that segments after this one hand on
 *
 * Where a gradient is not finite neither is the sum; such a step is left out in any case.
 */
import { int } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf } from "../onnx/graph.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import { executionOrder } from "./execution-order.ts";
import { chooseBorders } from "./segment-borders.ts";

export interface RecomputeRequest {
  /** Values with which the forward pass ends. */
  readonly forward: readonly string[];
  /** The graph's input that is large: what does not depend on it is small, and kept. */
  readonly from: string;
  /** One changes nothing. */
  readonly segments: number;
}

export function recompute(graph: Graph, { forward, from, segments }: RecomputeRequest): Graph {
  if (segments <= 1) return graph;
  const order = executionOrder(graph);
  const ahead = ancestors(graph, forward);
  const grown = descendants(order, from);
  const passes = order.filter((node) => ahead.has(node) && grown.has(node));
  const segmentOf = segmentsOf(
    graph,
    passes,
    new Set(order.filter((n) => !ahead.has(n))),
    segments,
  );
  return new Rewriter(graph, order, ahead, segmentOf).rewrite();
}

/** The segment of each node of the forward pass that may be computed again, by its outputs' names. */
function segmentsOf(
  graph: Graph,
  passes: readonly Node[],
  backward: ReadonlySet<Node>,
  segments: number,
): Map<string, number> {
  const borders = chooseBorders(graph, passes, backward, segments);
  const of = new Map<string, number>();
  let segment = 0;
  passes.forEach((node, i) => {
    if (i === borders[segment]) segment++;
    for (const output of node.outputs) of.set(output, segment);
  });
  return of;
}

class Rewriter {
  private readonly graph: Graph;
  private readonly order: readonly Node[];
  private readonly ahead: ReadonlySet<Node>;
  private readonly segmentOf: ReadonlyMap<string, number>;
  private readonly makers: ReadonlyMap<string, Node>;
  private readonly emit: Emitter;
  /** Values that later segments of the forward pass read: they are kept. */
  private readonly kept = new Set<string>();
  private readonly last: number;
  /** By segment: its values again, and what they begin with. */
  private readonly again: Map<string, string>[] = [];
  private readonly zeros: (string | undefined)[] = [];
  /** Gradients by the segment of the backward pass that makes them. */
  private readonly stageOf = new Map<string, number>();

  constructor(
    graph: Graph,
    order: readonly Node[],
    ahead: ReadonlySet<Node>,
    segmentOf: ReadonlyMap<string, number>,
  ) {
    this.graph = graph;
    this.order = order;
    this.ahead = ahead;
    this.segmentOf = segmentOf;
    this.makers = producersOf(graph);
    this.emit = Emitter.rewriting(graph);
    this.last = Math.max(0, ...segmentOf.values());
  }

  rewrite(): Graph {
    const { emit, graph } = this;
    const backward: Node[] = [];
    for (const node of this.order) {
      if (!this.ahead.has(node)) backward.push(node);
      else {
        emit.copy(node);
        this.keepCrossing(node);
      }
    }
    const stages = this.byStage(backward);
    const handed = this.handedOn(backward);
    for (let stage = this.last; stage >= 0; stage--) {
      if (stage < this.last) this.zeros[stage] = this.zeroOf(stage, handed);
      for (const node of stages[stage] ?? []) {
        emit.copy({ ...node, inputs: node.inputs.map((input) => this.readBack(input)) });
      }
    }
    return emit.finish(graph.outputs.map(({ name }) => name));
  }

  private keepCrossing(node: Node): void {
    const own = this.segmentOf.get(node.outputs[0] ?? "");
    for (const input of node.inputs) {
      const made = this.segmentOf.get(input);
      if (made !== undefined && made !== own) this.kept.add(input);
    }
  }

  /** Nodes of the backward pass by the earliest segment whose values they and what they read need. */
  private byStage(backward: readonly Node[]): Node[][] {
    const stages: Node[][] = Array.from({ length: this.last + 1 }, () => []);
    for (const node of backward) {
      const needed = node.inputs.map((input) => this.stageOf.get(input) ?? this.needs(input));
      const stage = Math.min(this.last, ...needed);
      stages[stage]!.push(node);
      for (const output of node.outputs) this.stageOf.set(output, stage);
    }
    return stages;
  }

  private needs(value: string): number {
    return this.kept.has(value) ? this.last : (this.segmentOf.get(value) ?? this.last);
  }

  /** By stage: gradients that it makes and earlier ones read. */
  private handedOn(backward: readonly Node[]): Set<string>[] {
    const handed = Array.from({ length: this.last + 1 }, () => new Set<string>());
    for (const node of backward) {
      const own = this.stageOf.get(node.outputs[0] ?? "") ?? this.last;
      for (const input of node.inputs) {
        const made = this.stageOf.get(input);
        if (made !== undefined && made > own) handed[made]!.add(input);
      }
    }
    return handed;
  }

  /** Zero, once all that later segments hand on is there. */
  private zeroOf(stage: number, handed: readonly ReadonlySet<string>[]): string | undefined {
    const { emit } = this;
    const before = this.zeros[stage + 1];
    const firsts = [...(handed[stage + 1] ?? [])].map((value) => this.firstOf(value));
    const all = before === undefined ? firsts : [...firsts, before];
    if (all.length === 0) return undefined;
    const beside = emit.op("Concat", all, { axis: int(0) });
    const sum = emit.op("ReduceSum", [beside, emit.ints([0])], { keepdims: int(1) });
    return emit.op("Mul", [sum, emit.scalar(0)]);
  }

  /** The first element of a value, as a float32 vector of one. */
  private firstOf(value: string): string {
    const { emit } = this;
    const { dims, dtype } = emit.type(value);
    const [starts, ends] = [emit.ints(dims.map(() => 0)), emit.ints(dims.map(() => 1))];
    const first = elementCount(dims) === 1 ? value : emit.op("Slice", [value, starts, ends]);
    const flat = emit.op("Reshape", [first, emit.ints([1])]);
    return dtype === "float32" ? flat : emit.op("Cast", [flat], { to: int(DTYPES.float32.onnx) });
  }

  /** A value for a node of the backward pass: as it is, kept, or computed again. */
  private readBack(value: string): string {
    const segment = this.segmentOf.get(value);
    if (segment === undefined || segment === this.last || this.kept.has(value)) return value;
    return this.anew(value, segment);
  }

  private anew(value: string, segment: number): string {
    const known = (this.again[segment] ??= new Map<string, string>());
    const before = known.get(value);
    if (before !== undefined) return before;
    const own = this.segmentOf.get(value);
    if (own !== segment || this.kept.has(value)) {
      const guarded = this.guarded(value, segment);
      known.set(value, guarded);
      return guarded;
    }
    const node = this.makers.get(value);
    if (node === undefined) return value;
    const inputs = node.inputs.map((input) => this.input(input, segment));
    const outputs = this.emit.repeat(node, inputs);
    node.outputs.forEach((output, i) => known.set(output, outputs[i] ?? ""));
    return known.get(value) ?? value;
  }

  /** What a node that is computed again reads. */
  private input(value: string, segment: number): string {
    return this.segmentOf.has(value) || this.graph.inputs.some(({ name }) => name === value)
      ? this.anew(value, segment)
      : value;
  }

  /** A kept value with the segment's zero added to it. */
  private guarded(value: string, segment: number): string {
    const { emit } = this;
    const zero = this.zeros[segment];
    if (zero === undefined) return value;
    const { dtype } = emit.type(value);
    const like =
      dtype === "float32" ? zero : emit.op("Cast", [zero], { to: int(DTYPES[dtype].onnx) });
    return emit.op("Add", [value, like]);
  }
}

function ancestors(graph: Graph, of: readonly string[]): Set<Node> {
  const makers = producersOf(graph);
  const found = new Set<Node>();
  const open = [...of];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    const node = makers.get(value);
    if (node === undefined || found.has(node)) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return found;
}

function descendants(order: readonly Node[], from: string): Set<Node> {
  const grown = new Set([from]);
  const found = new Set<Node>();
  for (const node of order) {
    if (!node.inputs.some((input) => grown.has(input))) continue;
    found.add(node);
    for (const output of node.outputs) grown.add(output);
  }
  return found;
}
