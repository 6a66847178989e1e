/**
 * @file Products with constant weights as one operator each, with the bias and the residual that are added to them, the
 * weights in the order in which the engine's function reads them. Just before a session is made: it has no gradient.
 */
import { floatAttribute, intAttribute } from "../onnx/attributes.ts";
import {
  type Constant,
  joinConstants,
  PANEL_COLUMNS,
  panelsConstant,
  reshapeConstant,
  transposeConstant,
} from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { elementCount, sameDims } from "../tensor/shape.ts";
import { prune } from "./prune.ts";
import { type SumAfter, sumsAfter } from "./sum-after.ts";

/** Of fewer rows the weights alone are what takes time, and of fewer than 6 the function would read before its inputs. */
const FEWEST_ROWS = 16;

interface Dense {
  readonly input: string;
  /** [K, N]. */
  readonly weights: Constant;
  /** Of N numbers. */
  readonly bias: Constant | undefined;
  readonly residual: string | undefined;
  /** The node that gives the result. */
  readonly last: Node;
}

export function fuseDense(graph: Graph): Graph {
  const reader = new Reader(graph);
  const found = new Map<Node, Dense>();
  for (const node of graph.nodes) {
    const dense = reader.dense(node, (sum) => !found.has(sum));
    if (dense !== undefined) found.set(dense.last, dense);
  }
  if (found.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const dense = found.get(node);
    if (dense === undefined) emit.copy(node);
    else emitDense(emit, dense);
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}

function emitDense(emit: Emitter, { input, weights, bias, residual, last }: Dense): void {
  const { dtype, dims } = weights;
  const columns = [dims[1]!];
  const added: Constant =
    bias === undefined
      ? { dtype, dims: columns, data: { kind: "fill", value: 0 } }
      : reshapeConstant(bias, columns);
  const panels = reshapeConstant(panelsConstant(weights), [elementCount(dims)]);
  const packed = emit.constant(joinConstants([panels, added]), "panels");
  const inputs = [input, packed, ...(residual === undefined ? [] : [residual])];
  emit.copy({ ...last, opType: "Dense", inputs, attributes: new Map() });
}

/** Reads products off a graph. */
class Reader {
  private readonly graph: Graph;
  private readonly producers: ReadonlyMap<string, Node>;
  private readonly sumAfter: (node: Node) => SumAfter | undefined;

  constructor(graph: Graph) {
    this.graph = graph;
    this.producers = producersOf(graph);
    this.sumAfter = sumsAfter(graph);
  }

  /** @param free whether a sum is not yet the last node of another product */
  dense(node: Node, free: (sum: Node) => boolean): Dense | undefined {
    const [input = "", second = "", third = ""] = node.inputs;
    if (node.opType !== "MatMul" && !isPlainGemm(node)) return undefined;
    const matrix = this.matrix(second);
    if (matrix === undefined) return undefined;
    const transposed = intAttribute(node, "transB", 0) !== 0;
    const weights = transposed ? transposeConstant(matrix, [1, 0]) : matrix;
    const type = typeOf(this.graph, input);
    const columns = weights.dims[1]!;
    const rows = elementCount(type?.dims.slice(0, -1) ?? []);
    const fits = rows >= FEWEST_ROWS && columns % PANEL_COLUMNS === 0;
    if (!fits || type?.dtype !== "float32" || weights.dtype !== "float32") return undefined;
    let last = node;
    let bias = this.perColumn(third, columns);
    if (third !== "" && bias === undefined) return undefined;
    const first = this.sumAfter(last);
    const constant = this.perColumn(first?.other, columns);
    if (first !== undefined && bias === undefined && constant !== undefined) {
      bias = constant;
      last = first.sum;
    }
    const next = this.sumAfter(last);
    if (next === undefined || !sameDims(next.otherDims, next.dims) || !free(next.sum)) {
      return { input, weights, bias, residual: undefined, last };
    }
    return { input, weights, bias, residual: next.other, last: next.sum };
  }

  /** A constant matrix, or several that are put beside each other before they are multiplied with. */
  private matrix(value: string): Constant | undefined {
    const constant = this.graph.constants.get(value);
    if (constant !== undefined) return constant.dims.length === 2 ? constant : undefined;
    const node = this.producers.get(value);
    if (node?.opType !== "Concat") return undefined;
    const [first, ...rest] = node.inputs.map((input) => this.matrix(input));
    if (first === undefined || rest.includes(undefined)) return undefined;
    const parts = [first, ...(rest as Constant[])] as const;
    const axis = intAttribute(node, "axis", 0);
    if (axis === 0 || axis === -2) return joinConstants(parts);
    const transposed = (one: Constant): Constant => transposeConstant(one, [1, 0]);
    return transposed(joinConstants([transposed(first), ...parts.slice(1).map(transposed)]));
  }

  /** A constant of a number for each column, the last axis. */
  private perColumn(value: string | undefined, columns: number): Constant | undefined {
    const constant = this.graph.constants.get(value ?? "");
    const fits =
      constant?.dtype === "float32" &&
      constant.dims.at(-1) === columns &&
      elementCount(constant.dims) === columns;
    return fits ? constant : undefined;
  }
}

/** A x B or A x Bᵀ, plus what there is of a bias. */
function isPlainGemm(node: Node): boolean {
  return (
    node.opType === "Gemm" &&
    intAttribute(node, "transA", 0) === 0 &&
    floatAttribute(node, "alpha", 1) === 1 &&
    floatAttribute(node, "beta", 1) === 1
  );
}
