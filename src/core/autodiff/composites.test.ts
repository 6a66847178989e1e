/** @file Activations and norms made of several operators: recognised, differentiated rightly, with fewer passes. */
import { describe, expect, it } from "vitest";
import { float, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import type { Emitter } from "../onnx/emit.ts";
import type { Graph } from "../onnx/graph.ts";
import { compositesOf } from "./composites.ts";
import { gradient } from "./gradient.ts";
import { evaluateAll } from "./gradient-check.test-support.ts";
import { empty, input, total, weight } from "./small-graph.test-support.ts";

const scalar = (emit: Emitter, value: number): string => emit.scalar(value, "float64");

function silu(emit: Emitter, x: string): string {
  return emit.op("Mul", [x, emit.op("Sigmoid", [x])]);
}

function shifted(emit: Emitter, x: string): string {
  const u = emit.op("Div", [x, scalar(emit, Math.SQRT2)]);
  return emit.op("Add", [emit.op("Erf", [u]), scalar(emit, 1)]);
}

function geluOfProduct(emit: Emitter, x: string): string {
  return emit.op("Mul", [emit.op("Mul", [x, shifted(emit, x)]), scalar(emit, 0.5)]);
}

function geluOfHalf(emit: Emitter, x: string): string {
  return emit.op("Mul", [x, emit.op("Mul", [scalar(emit, 0.5), shifted(emit, x)])]);
}

function geluMultiplied(emit: Emitter, x: string): string {
  const u = emit.op("Mul", [x, scalar(emit, Math.SQRT1_2)]);
  const e = emit.op("Add", [scalar(emit, 1), emit.op("Erf", [u])]);
  return emit.op("Mul", [emit.op("Mul", [e, x]), scalar(emit, 0.5)]);
}

const DIMS = [2, 6, 2, 3] as const;

/** Group norm of [2, 6, 2, 3] in groups, as exporters write it. */
function groupNorm(groups: number, epsilon = 1e-5) {
  return (emit: Emitter, x: string): string => {
    const flat = emit.op("Reshape", [x, emit.ints([2, groups, 36 / groups])]);
    const ones = emit.constant(constantOf("float64", [groups], new Array(groups).fill(1)));
    const zeros = emit.constant(constantOf("float64", [groups], new Array(groups).fill(0)));
    const norm = emit.op("InstanceNormalization", [flat, ones, zeros], { epsilon: float(epsilon) });
    const back = emit.op("Reshape", [norm, emit.ints([...DIMS])]);
    const scaled = emit.op("Mul", [back, weight(emit, 6, 1, 1)]);
    return emit.op("Add", [scaled, weight(emit, 1, 6, 1, 1)]);
  };
}

/** The loss Σ cos(i) y_i of y made from x. */
function build(make: (emit: Emitter, x: string) => string): { graph: Graph; loss: string } {
  const emit = empty();
  const x = input(emit, "x", ...DIMS);
  const values = Array.from({ length: 72 }, (_, i) => Math.cos(i));
  const contrast = emit.constant(constantOf("float64", [...DIMS], values));
  const loss = total(emit, emit.op("Mul", [make(emit, x), contrast]));
  return { graph: emit.finish([loss]), loss };
}

const MAKERS = [
  ["SiLU", silu],
  ["GELU, the product halved", geluOfProduct],
  ["GELU, the share halved", geluOfHalf],
  ["GELU by a factor", geluMultiplied],
  ["GroupNorm, 1 group", groupNorm(1)],
  ["GroupNorm, 3 groups", groupNorm(3)],
  ["GroupNorm, 6 groups", groupNorm(6, 1e-2)],
] as const;

describe.each(MAKERS)("%s", (_, make) => {
  it("is recognised and agrees with finite differences", async () => {
    const { graph, loss } = build(make);
    const composites = compositesOf(graph, ["x"]);
    expect([...composites.values()].map((composite) => composite.input)).toEqual(["x"]);
    const result = gradient(graph, { of: loss, wrt: ["x"] });
    const x = Array.from({ length: 72 }, (_, i) => 2 * Math.sin(3 * i + 1));
    const [dX] = await evaluateAll(result.graph, { x }, [result.gradients.get("x")!]);
    const h = 1e-5;
    const lossAt = async (i: number, by: number): Promise<number> => {
      const moved = x.map((value, j) => (i === j ? value + by : value));
      return (await evaluateAll(graph, { x: moved }, [loss]))[0]!.data[0]!;
    };
    for (let i = 0; i < x.length; i++) {
      const slope = ((await lossAt(i, h)) - (await lossAt(i, -h))) / (2 * h);
      // Central differences in float64 of a sum of 72 terms: rounding over h is about 1e-9.
      expect(Math.abs(dX!.data[i]! - slope)).toBeLessThan(1e-7);
    }
  });

  it("is left to its parts where one of them is wanted or read elsewhere", () => {
    const { graph } = build(make);
    const inner = graph.nodes.slice(0, -3).at(-1)!.outputs[0]!;
    const wanted = compositesOf(graph, ["x", ...graph.nodes.flatMap((node) => node.outputs)]);
    expect(wanted.size).toBe(0);
    const spy = {
      opType: "Neg",
      name: "",
      inputs: [inner],
      outputs: ["spy"],
      attributes: new Map(),
    };
    expect(compositesOf({ ...graph, nodes: [...graph.nodes, spy] }, ["x"]).size).toBe(0);
  });
});

it("does not take other constants for the ones it knows", () => {
  const half = build((emit, x) =>
    emit.op("Mul", [emit.op("Mul", [x, shifted(emit, x)]), scalar(emit, 0.25)]),
  );
  expect(compositesOf(half.graph, ["x"]).size).toBe(0);
  const turned = build((emit, x) => {
    const t = emit.op("Transpose", [x], { perm: ints([0, 1, 2, 3]) });
    return emit.op("Mul", [t, emit.op("Sigmoid", [x])]);
  });
  expect(compositesOf(turned.graph, ["x"]).size).toBe(0);
});
