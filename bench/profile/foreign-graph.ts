/** @file An ONNX file of anybody's, made so that it can be run: open dimensions fixed, inputs and outputs as we pass them. */
import { StudioError } from "../../src/core/errors.ts";
import { int } from "../../src/core/onnx/attributes.ts";
import type { Declared, Graph, Node } from "../../src/core/onnx/graph.ts";
import { type DType, DTYPES, isFloat } from "../../src/core/tensor/dtype.ts";

export interface FixedGraph {
  readonly graph: Graph;
  /** What was fixed, as "name = value", in order of appearance. */
  readonly fixed: readonly string[];
}

/**
 * The graph with its inputs' open dimensions fixed: to what `dims` says of their names, and to 1 else.
 * @throws StudioError "invalid-input" where `dims` names one that no input has
 */
export function fixDims(graph: Graph, dims: ReadonlyMap<string, number>): FixedGraph {
  const names = new Set(graph.inputs.flatMap((input) => input.dims.filter((d) => isName(d))));
  for (const name of dims.keys()) {
    if (names.has(name)) continue;
    const known =
      names.size === 0 ? "it has none" : `its open dimensions are ${[...names].join(", ")}`;
    throw new StudioError(
      "invalid-input",
      `--dim names "${name}", which no input of the file has; ${known}.`,
    );
  }
  const fixed = new Set<string>();
  const inputs = graph.inputs.map((input): Declared => ({
    ...input,
    dims: input.dims.map((dim, axis) => {
      if (typeof dim === "number") return dim;
      const value = dims.get(dim ?? "") ?? 1;
      fixed.add(`${dim ?? `${input.name}[${axis}]`} = ${value}`);
      return value;
    }),
  }));
  return { graph: { ...graph, inputs }, fixed: [...fixed] };
}

function isName(dim: Declared["dims"][number]): dim is string {
  return typeof dim === "string";
}

/** The graph with float32 or int32 at its edges, cast inside to and from whatever else it wants. */
export function castEdges(graph: Graph): Graph {
  const before: Node[] = [];
  const after: Node[] = [];
  const inputs = graph.inputs.map((input): Declared => {
    const dtype = passed(input.dtype);
    if (dtype === input.dtype) return input;
    const name = `${input.name}__${dtype}`;
    before.push(cast(name, input.name, input.dtype));
    return { ...input, name, dtype };
  });
  const outputs = graph.outputs.map((output): Declared => {
    const dtype = passed(output.dtype);
    if (dtype === output.dtype) return output;
    const name = `${output.name}__${dtype}`;
    after.push(cast(output.name, name, dtype));
    return { ...output, name, dtype };
  });
  return { ...graph, inputs, outputs, nodes: [...before, ...graph.nodes, ...after] };
}

function passed(dtype: DType): "float32" | "int32" {
  return isFloat(dtype) ? "float32" : "int32";
}

function cast(from: string, to: string, dtype: DType): Node {
  return {
    opType: "Cast",
    name: to,
    inputs: [from],
    outputs: [to],
    attributes: new Map([["to", int(DTYPES[dtype].onnx)]]),
  };
}
