/** @file What is added to a norm's gradient becomes its last input, and the sum is the same; other sums stay. */
import { describe, expect, it } from "vitest";
import { float, int } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { normal } from "../random/normal.ts";
import { ndArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { sumNormGradients } from "./sum-norm-gradients.ts";

const WHOLE = [2, 4, 4];

class Gradients {
  readonly emit = new Emitter(emptyGraph(18));
  private count = 0;

  input(dims: Dims): string {
    return this.emit.input(`x${this.count++}`, { dtype: "float32", dims });
  }

  /** Of a norm over other tensors than any before. */
  of(norm: "group" | "layer"): string {
    const inputs = [WHOLE, WHOLE, [4]].map((dims) => this.input(dims));
    const epsilon = float(1e-5);
    if (norm === "layer") return this.emit.op("FusedLayerNormGradient", inputs, { epsilon });
    const attributes = { epsilon, groups: int(2), silu: int(1) };
    return this.emit.op("FusedGroupNormGradient", [...inputs, this.input([4])], attributes);
  }

  add(a: string, b: string): string {
    return this.emit.op("Add", [a, b]);
  }
}

/** By what is given out. */
function graphOf(build: (gradients: Gradients) => string[]): Graph {
  const gradients = new Gradients();
  const outputs = build(gradients);
  return gradients.emit.finish(outputs);
}

function valuesOf(graph: Graph): number[][] {
  const feeds = graph.inputs.map(({ name, dims }, i) => {
    const fixed = dims as Dims;
    return [name, ndArray("float32", fixed, normal(i + 1, elementCount(fixed)))] as const;
  });
  const names = graph.outputs.map(({ name }) => name);
  const constant = (name: string): never => {
    throw new Error(`the constant "${name}" is not at hand`);
  };
  const values = evaluateGraph(graph, new Map(feeds), names, constant);
  return names.map((name) => [...values.get(name)!.data]);
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);

describe("a norm's gradient", () => {
  it.each([
    ["plus something", (g) => [g.add(g.of("layer"), g.input(WHOLE))], 1],
    ["of a group", (g) => [g.add(g.input(WHOLE), g.of("group"))], 1],
    ["plus another", (g) => [g.add(g.of("layer"), g.of("group"))], 2],
    ["in a chain", (g) => [g.add(g.add(g.of("layer"), g.input(WHOLE)), g.of("group"))], 2],
  ] satisfies [string, (g: Gradients) => string[], number][])("%s", (_, build, count) => {
    const graph = graphOf(build);
    const summed = sumNormGradients(graph);
    expect(operators(summed)).not.toContain("Add");
    expect(summed.nodes).toHaveLength(count);
    expect(valuesOf(summed)).toEqual(valuesOf(graph));
  });

  it.each([
    ["plus a row", (g) => [g.add(g.of("layer"), g.input([4]))]],
    ["plus more than there is", (g) => [g.add(g.of("layer"), g.input([3, ...WHOLE]))]],
    ["plus itself", (g) => shared(g.of("group"), (x) => [g.add(x, x)])],
    ["that is given out", (g) => shared(g.of("layer"), (x) => [x, g.add(x, g.input(WHOLE))])],
    [
      "in two sums",
      (g) => shared(g.of("layer"), (x) => [g.add(x, g.input(WHOLE)), g.add(x, g.input(WHOLE))]),
    ],
  ] satisfies [string, (g: Gradients) => string[]][])("%s stays", (_, build) => {
    const graph = graphOf(build);
    expect(sumNormGradients(graph)).toBe(graph);
  });
});

const shared = (gradient: string, build: (gradient: string) => string[]): string[] =>
  build(gradient);
