import { describe, expect, it } from "vitest";
import { int, ints, string } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import type { Emitter } from "../onnx/emit.ts";
import type { Graph } from "../onnx/graph.ts";
import { DTYPES } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/shape.ts";
import { gradient, type GradientRequest } from "./gradient.ts";
import { empty, input, total, weight } from "./small-graph.test-support.ts";

function refusalOf(graph: Graph, request: GradientRequest): unknown {
  try {
    gradient(graph, request);
  } catch (error) {
    return error;
  }
  throw new Error("the gradient was not refused");
}

describe("a gradient that cannot be had", () => {
  it("names every operator without a rule, with its node and the reason, at once", () => {
    const emit = empty();
    const x = input(emit, "x", 1, 2, 4, 4);
    const index = emit.constant(constantOf("int64", [1, 1], [0]));
    const grouped = emit.op("Conv", [x, weight(emit, 2, 1, 3, 3)], { group: int(2) });
    const skipped = emit.op("Slice", [grouped, ...[[0], [2], [3], [2]].map((n) => emit.ints(n))]);
    const loss = total(emit, emit.op("GatherND", [emit.op("ReduceProd", [skipped]), index]));
    const graph = emit.finish([loss]);
    expect(refusalOf(graph, { of: loss, wrt: ["x"] })).toMatchObject({
      code: "model-unsupported-operator",
      message: expect.stringMatching(
        /^The studio cannot compute a gradient through ReduceProd "[^"]+" \([^)]+\), GatherND "[^"]+" \([^)]+\)\. Export/,
      ) as string,
    });
    const lessLoss = total(emit, skipped);
    expect(refusalOf(emit.finish([lessLoss]), { of: lessLoss, wrt: ["x"] })).toMatchObject({
      code: "model-unsupported-operator",
      message:
        `The studio cannot compute a gradient through Conv "${grouped}" (grouped convolutions are not differentiated), ` +
        `Slice "${skipped}" (its steps are not all 1). ` +
        "Export the model with a standard exporter (optimum or torch.onnx, without fused operators).",
    });
  });

  it("does not mind an operator without a rule beside the path", () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    const beside = emit.op("ReduceProd", [input(emit, "y", 2)]);
    const loss = total(emit, emit.op("Mul", [x, beside]));
    const graph = emit.finish([loss]);
    expect(gradient(graph, { of: loss, wrt: ["x"] }).report.nodesDifferentiated).toBe(2);
    expect(() => gradient(graph, { of: loss, wrt: ["y"] })).toThrow(/ReduceProd/);
  });

  it("names an operator of another domain", () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    const loss = total(emit, emit.op("Exp", [x]));
    const known = emit.finish([loss]);
    const nodes = known.nodes.map((node) =>
      node.opType === "Exp" ? { ...node, opType: "com.microsoft::FastExp", name: "fused" } : node,
    );
    expect(refusalOf({ ...known, nodes }, { of: loss, wrt: ["x"] })).toMatchObject({
      code: "model-unsupported-operator",
      message: expect.stringContaining(
        'com.microsoft::FastExp "fused" (the studio does not know this operator)',
      ) as string,
    });
  });

  const image = (emit: Emitter): string => input(emit, "x", 1, 2, 5, 5);
  const other = (emit: Emitter, ...dims: Dims): string => input(emit, "w", ...dims);
  const REFUSALS: readonly {
    what: string;
    reason: string;
    wrt?: string;
    build: (emit: Emitter) => string;
  }[] = [
    {
      what: "convolution weights",
      reason: "it is not differentiated with respect to its weights",
      wrt: "w",
      build: (emit) => emit.op("Conv", [image(emit), other(emit, 1, 2, 3, 3)]),
    },
    {
      what: "computed convolution weights",
      reason: "its weights are computed, not constant",
      build: (emit) => emit.op("Conv", [image(emit), other(emit, 1, 2, 3, 3)]),
    },
    {
      what: "pooling that does not count its padding",
      reason: "pooling that leaves its padding out of the mean is not differentiated",
      build: (emit) =>
        emit.op("AveragePool", [image(emit)], {
          kernel_shape: ints([3, 3]),
          pads: ints([1, 1, 1, 1]),
        }),
    },
    {
      what: "an exponent",
      reason: "it is not differentiated with respect to its exponent",
      wrt: "w",
      build: (emit) => emit.op("Pow", [input(emit, "x", 2), other(emit, 2)]),
    },
    {
      what: "a bound",
      reason: "it is not differentiated with respect to its bounds",
      wrt: "w",
      build: (emit) => emit.op("Clip", [input(emit, "x", 2), other(emit)]),
    },
    {
      what: "the value of a padding",
      reason: "it is not differentiated with respect to the value it pads with",
      wrt: "w",
      build: (emit) => emit.op("Pad", [input(emit, "x", 2), emit.ints([1, 0]), other(emit)]),
    },
    {
      what: "computed indices",
      reason: "its input 1 is computed, not constant",
      build: (emit) =>
        emit.op("Gather", [
          input(emit, "x", 4, 2),
          emit.input("index", { dtype: "int64", dims: [3] }),
        ]),
    },
    {
      what: "statistics that are used as values",
      reason: "its mean and deviation are used as values; that is not differentiated",
      build: (emit) => {
        const x = input(emit, "x", 2, 4);
        const [y, mean] = emit.many("LayerNormalization", [x, weight(emit, 4)], 2);
        return emit.op("Add", [y!, emit.op("Cast", [mean!], { to: int(DTYPES.float64.onnx) })]);
      },
    },
    {
      what: "resizing over one axis",
      reason: "only resizing over two axes is differentiated",
      build: (emit) => {
        const scales = emit.constant(constantOf("float32", [3], [1, 1, 2]));
        return emit.op("Resize", [input(emit, "x", 1, 2, 5), "", scales]);
      },
    },
    {
      what: "resizing by no whole factor",
      reason: "only repeating every pixel a whole number of times is differentiated",
      build: (emit) =>
        emit.op("Resize", [
          image(emit),
          "",
          emit.constant(constantOf("float32", [4], [1, 1, 1.4, 2])),
        ]),
    },
    {
      what: "resizing that does not repeat every pixel as often",
      reason: "only repeating every pixel a whole number of times is differentiated",
      build: (emit) => {
        const scales = emit.constant(constantOf("float32", [4], [1, 1, 3, 3]));
        return emit.op("Resize", [image(emit), "", scales], {
          coordinate_transformation_mode: string("align_corners"),
        });
      },
    },
  ];

  it.each(REFUSALS)("refuses $what by name", ({ build, wrt = "x", reason }) => {
    const emit = empty();
    const loss = total(emit, build(emit));
    expect(refusalOf(emit.finish([loss]), { of: loss, wrt: [wrt] })).toMatchObject({
      code: "model-unsupported-operator",
      message: expect.stringContaining(`(${reason})`) as string,
    });
  });

  it("says what a request lacks", () => {
    const emit = empty();
    const x = input(emit, "x", 2, 3);
    const tokens = emit.input("tokens", { dtype: "int64", dims: [2] });
    const y = emit.op("Exp", [x]);
    const graph = emit.finish([y]);
    expect(refusalOf(graph, { of: y, wrt: ["x"] })).toMatchObject({
      code: "invalid-input",
      message: `"${y}" has shape [2, 3]; a gradient needs a single number, or a seed of that shape.`,
    });
    expect(refusalOf(graph, { of: y, seed: tokens, wrt: ["x"] })).toMatchObject({
      code: "invalid-input",
      message: `The seed "tokens" has shape [2]; give it the shape [2, 3] of "${y}".`,
    });
    expect(refusalOf(graph, { of: y, seed: "x", wrt: ["tokens"] })).toMatchObject({
      code: "invalid-input",
      message: '"tokens" is int64; only floating-point values have gradients, so leave it out.',
    });
  });
});
