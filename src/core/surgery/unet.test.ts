/** @file A UNet is cut by structure: any names, either exporter; what is no UNet is refused in one sentence. */
import { describe, expect, it } from "vitest";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../../tests/support/nano.ts";
import { StudioError } from "../errors.ts";
import { checkStatic } from "../onnx/check.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { exposeAttention } from "./expose-attention.ts";
import { prepareUnet } from "./unet.ts";

const PUBLIC = new Set(["sample", "timestep", "encoder_hidden_states", "out_sample"]);

/** Every private name replaced by a meaningless one. */
function anonymous(graph: Graph): Graph {
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    if (name === "" || PUBLIC.has(name)) return name;
    const known = names.get(name) ?? `v${names.size}`;
    names.set(name, known);
    return known;
  };
  return {
    ...graph,
    nodes: graph.nodes.map((node, i) => ({
      ...node,
      name: `n${i}`,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    constants: new Map([...graph.constants].map(([name, c]) => [rename(name), c])),
    types: new Map(),
  };
}

function refusal(run: () => unknown): StudioError {
  try {
    run();
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe.each(NANO_STYLES)("%s export", (style) => {
  it("is static, checked and has one packed input in place of its text input", async () => {
    const { graph } = await nanoModel(style, "unet");
    const unet = prepareUnet(graph, NANO_SHAPE, { blocks: 16 });
    checkStatic(unet.graph);
    expect(unet.graph.inputs).toEqual([
      { name: "sample", dtype: "float32", dims: [2, 4, 16, 16] },
      { name: "time_features", dtype: "float32", dims: [2, 8] },
      { name: "kv", dtype: "float32", dims: [2, 77, 432] },
    ]);
    expect(unet.graph.types.get(unet.prediction)).toEqual({
      dtype: "float32",
      dims: [2, 4, 16, 16],
    });
    const widths = [8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 8, 8];
    expect(unet.kv.parts.map((part) => part.width)).toEqual(widths.flatMap((w) => [w, w]));
    expect(unet.kv.parts.map((part) => part.role)).toEqual(widths.flatMap(() => ["key", "value"]));
    // No shape arithmetic is left, and nothing works on integers.
    const types = new Set(unet.graph.nodes.map((node) => node.opType));
    for (const plumbing of [
      "Shape",
      "Gather",
      "Constant",
      "ConstantOfShape",
      "Cast",
      "Where",
      "Equal",
    ]) {
      expect(types).not.toContain(plumbing);
    }
  });

  it("is cut the same whatever its names are", async () => {
    const { graph } = await nanoModel(style, "unet");
    const named = prepareUnet(graph, NANO_SHAPE, { blocks: 16 });
    const unnamed = prepareUnet(anonymous(graph), NANO_SHAPE, { blocks: 16 });
    expect(unnamed.kv.parts.map(({ offset, role, weight }) => [offset, role, weight])).toEqual(
      named.kv.parts.map(({ offset, role, weight }) => [offset, role, weight]),
    );
    expect(unnamed.graph.nodes.length).toBe(named.graph.nodes.length);
  });

  it("exposes query and output projections for the face mode", async () => {
    const { graph } = await nanoModel(style, "unet");
    const unet = prepareUnet(graph, NANO_SHAPE, { blocks: 16, queryOut: true });
    checkStatic(unet.graph);
    // 2 C² + C for each block.
    const widths = [8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 8, 8];
    const length = widths.reduce((sum, c) => sum + 2 * c * c + c, 0);
    expect(unet.queryOut!.length).toBe(length);
    expect(unet.graph.inputs.map((input) => input.name)).toEqual([
      "sample",
      "time_features",
      "kv",
      "query_out",
    ]);
  });

  it("gives the attention of its blocks by resolution, whatever its names are", async () => {
    const { graph } = await nanoModel(style, "unet");
    const named = exposeAttention(prepareUnet(graph, NANO_SHAPE));
    const unnamed = exposeAttention(prepareUnet(anonymous(graph), NANO_SHAPE));
    checkStatic(named.graph);
    const facts = ({ graph: { outputs }, maps }: typeof named) => ({
      outputs: outputs.map(({ dims }) => dims),
      maps: maps.map(({ height, width, blocks }) => [height, width, blocks]),
    });
    expect(facts(named)).toEqual({
      outputs: [[2, 4, 16, 16], ...[256, 64, 16, 4].map((places) => [2, places, 77])],
      maps: [...[16, 8, 4].map((side) => [side, side, 5]), [2, 2, 1]],
    });
    expect(facts(unnamed)).toEqual(facts(named));
  });

  it("with one block fused away is refused with what was found and what was expected", async () => {
    const { graph } = await nanoModel(style, "unet");
    const { nodes, ...rest } = graph;
    const reads = (node: Node): boolean =>
      node.opType === "MatMul" && node.inputs[0] === "encoder_hidden_states";
    const first = nodes.find(reads)!;
    // The first key projection now reads something else.
    const broken = nodes.map((node) =>
      node === first ? { ...node, inputs: [first.inputs[1]!, first.inputs[1]!] } : node,
    );
    const error = refusal(() =>
      prepareUnet({ ...rest, nodes: broken }, NANO_SHAPE, { blocks: 16 }),
    );
    expect(error.code).toMatch(/^model-/);
    const fewer = refusal(() => prepareUnet(graph, NANO_SHAPE, { blocks: 17 }));
    expect(fewer.code).toBe("model-not-a-unet");
    expect(fewer.message).toContain(
      "16 key and 16 value projections of its text input where 17 of each were expected",
    );
  });
});

describe("refusals", () => {
  it("names what a file takes where it is no UNet", async () => {
    const { graph } = await nanoModel("dynamo", "vae_decoder");
    const error = refusal(() => prepareUnet(graph, NANO_SHAPE));
    expect(error.code).toBe("model-not-a-unet");
    expect(error.message).toMatch(/takes latent_sample and gives sample/);
  });

  it("names unsupported operators with their nodes", async () => {
    const { graph } = await nanoModel("dynamo", "unet");
    const nodes = graph.nodes.map((node) =>
      node.opType === "Softmax"
        ? { ...node, opType: "com.microsoft::Attention" }
        : node.opType === "Erf"
          ? { ...node, opType: "Hardmax" }
          : node,
    );
    const error = refusal(() => prepareUnet({ ...graph, nodes }, NANO_SHAPE));
    expect(error.code).toBe("model-unsupported-operator");
    expect(error.message).toMatch(/com\.microsoft::Attention ".+", Hardmax ".+"/);
  });

  it("names a size that the file does not allow", async () => {
    const { graph } = await nanoModel("dynamo", "unet");
    const inputs = graph.inputs.map((input) =>
      input.name === "sample" ? { ...input, dims: [1, 4, 16, 16] } : input,
    );
    const error = refusal(() => prepareUnet({ ...graph, inputs }, NANO_SHAPE));
    expect(error.message).toContain(
      '"sample" is declared as [1, 4, 16, 16] and cannot take [2, 4, 16, 16]',
    );
  });

  it("says where attention cannot be laid over the picture", async () => {
    const { graph } = await nanoModel("dynamo", "unet");
    const unet = prepareUnet(graph, NANO_SHAPE);
    const error = refusal(() => exposeAttention({ ...unet, shape: { ...unet.shape, width: 24 } }));
    expect(error.code).toBe("model-unsupported");
    expect(error.message).toContain("looks at 256 places, which are no part of latents of 16 × 24");
  });

  it("names a value that nothing makes", async () => {
    const { graph } = await nanoModel("dynamo", "unet");
    const nodes = graph.nodes.filter((node) => node.opType !== "Sin");
    const error = refusal(() => prepareUnet({ ...graph, nodes }, NANO_SHAPE));
    expect(error.code).toBe("model-corrupt");
    expect(error.message).toMatch(/reads ".+", which nothing before it makes/);
  });
});

describe("the timestep", () => {
  it.each([
    ["a scalar", []],
    ["one number", [1]],
    ["one a step", ["steps"]],
    ["one a sample", ["batch"]],
  ] as const)("declared as %s is embedded for each sample by itself", async (_, dims) => {
    const { graph } = await nanoModel("dynamo", "unet");
    const inputs = graph.inputs.map((input) =>
      input.name === "timestep" ? { ...input, dims } : input,
    );
    const unet = prepareUnet({ ...graph, inputs }, NANO_SHAPE, { blocks: 16 });
    checkStatic(unet.graph);
    const features = unet.timeFeatures([3, 981]);
    // diffusers get_timestep_embedding, flip_sin_to_cos, freq_shift 0: cos then sin of t · 10000^(-i / half).
    const expected = [3, 981].flatMap((t) =>
      [Math.cos, Math.sin].flatMap((f) => [0, 1, 2, 3].map((i) => f(t * 10000 ** (-i / 4)))),
    );
    expect(features.length).toBe(16);
    // The export holds the frequencies in float32: 981 radians are known to about 6e-5.
    features.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
  });
});
