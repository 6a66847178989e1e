/** @file What exporters and conversion scripts declare a UNet's inputs as; and other models' denoisers, told apart by them. */
import { describe, expect, it } from "vitest";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../../tests/support/nano.ts";
import type { DType } from "../tensor/dtype.ts";
import { StudioError } from "../errors.ts";
import { int } from "../onnx/attributes.ts";
import { checkStatic } from "../onnx/check.ts";
import { constantOf } from "../onnx/constant.ts";
import type { Declared, DeclaredDim, Graph, Node } from "../onnx/graph.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { prepareUnet, type Unet } from "./unet.ts";

/** The timestep as an export that was traced with it has it. */
function withTimestep(graph: Graph, dtype: DType, dims: readonly DeclaredDim[]): Graph {
  const inputs = graph.inputs.map((input) =>
    input.name === "timestep" ? { ...input, dtype, dims } : input,
  );
  const expand = graph.nodes.find(({ inputs: [from] }) => from === "timestep")!;
  const cast = graph.nodes.find(
    (node) => node.opType === "Cast" && downstream(graph, expand).has(node.inputs[0]!),
  )!;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    // diffusers lifts a scalar to [1] before it expands it.
    if (node === expand && dims.length === 0) {
      const lift: Node = {
        opType: "Unsqueeze",
        name: "lift",
        inputs: ["timestep", "lift/axes"],
        outputs: ["lift/out"],
        attributes: new Map(),
      };
      return [lift, { ...node, inputs: ["lift/out", ...node.inputs.slice(1)] }];
    }
    // PyTorch leaves out what would cast float32 to float32.
    if (node === cast && dtype === "float32")
      return [{ ...node, opType: "Identity", attributes: new Map() }];
    return [node];
  });
  const constants = new Map(graph.constants).set("lift/axes", constantOf("int64", [1], [0]));
  return { ...graph, inputs, nodes, constants };
}

/** The expansion's own output, and what a single move makes of it. */
function downstream(graph: Graph, { outputs: [expanded] }: Node): Set<string> {
  const moved = graph.nodes.find(({ inputs: [from] }) => from === expanded)!;
  return new Set([expanded!, ...moved.outputs]);
}

const SHAPES: readonly (readonly [string, readonly DeclaredDim[]])[] = [
  ["a scalar", []],
  ["one number", [1]],
  ["one a step", ["steps"]],
  ["one a sample", ["batch_size"]],
];
const TYPES = ["int64", "int32", "float32", "float16"] as const;

describe.each(NANO_STYLES)("%s export", { timeout: 60_000 }, (style) => {
  const exported = nanoModel(style, "unet").then(({ graph }) => ({
    graph,
    expected: prepareUnet(graph, NANO_SHAPE, { blocks: 16 }),
  }));

  describe.each(SHAPES)("with a timestep that is %s", (_, dims) => {
    it.each(TYPES)("of %s is prepared to the same graph", async (dtype) => {
      const { graph, expected } = await exported;
      const unet = prepareUnet(withTimestep(graph, dtype, dims), NANO_SHAPE, { blocks: 16 });
      checkStatic(unet.graph);
      expect(operators(unet)).toEqual(operators(expected));
      expect(unet.graph.inputs).toEqual(expected.graph.inputs);
      expect(unet.timeFeatures([3, 981])).toEqual(expected.timeFeatures([3, 981]));
    });
  });

  it("takes its inputs in any order", async () => {
    const { graph, expected } = await exported;
    const inputs = graph.inputs.toReversed();
    const unet = prepareUnet({ ...graph, inputs }, NANO_SHAPE, { blocks: 16 });
    expect(unet.graph.nodes).toEqual(expected.graph.nodes);
    expect(unet.graph.inputs).toEqual(expect.arrayContaining([...expected.graph.inputs]));
  });

  it("that holds and takes half precision is prepared in float32", async () => {
    const { graph, expected } = await exported;
    const unet = prepareUnet(halved(graph), NANO_SHAPE, { blocks: 16 });
    checkStatic(unet.graph);
    expect(operators(unet)).toEqual(operators(expected));
    expect(unet.graph.inputs).toEqual(expected.graph.inputs);
  });
});

const operators = ({ graph }: Unet): string[] => graph.nodes.map(({ opType }) => opType);

/** The same graph in float16, declarations, weights and casts. */
function halved(graph: Graph): Graph {
  const narrow = <T extends { readonly dtype: DType }>(of: T): T =>
    of.dtype === "float32" ? { ...of, dtype: "float16" } : of;
  return {
    ...graph,
    inputs: graph.inputs.map(narrow),
    outputs: graph.outputs.map(narrow),
    constants: new Map(
      [...graph.constants].map(([name, constant]) => {
        const { data } = constant;
        if (constant.dtype !== "float32" || data.kind !== "external") return [name, constant];
        return [name, { ...narrow(constant), data: { ...data, length: data.length / 2 } }];
      }),
    ),
    nodes: graph.nodes.map((node) =>
      node.opType === "Cast" && node.attributes.get("to")?.value === DTYPES.float32.onnx
        ? { ...node, attributes: new Map([["to", int(DTYPES.float16.onnx)]]) }
        : node,
    ),
    types: new Map(),
  };
}

describe("the denoiser of another model is refused by its inputs", () => {
  const value = (name: string, ...dims: DeclaredDim[]): Declared => ({
    name,
    dtype: "float32",
    dims,
  });
  const text = value("encoder_hidden_states", "batch_size", "sequence_length", 2048);
  const tokens = value("hidden_states", "batch_size", "tokens", 64);

  async function refusal(
    change: (inputs: readonly Declared[]) => Declared[],
  ): Promise<StudioError> {
    const { graph } = await nanoModel("dynamo", "unet");
    try {
      prepareUnet({ ...graph, inputs: change(graph.inputs) }, NANO_SHAPE);
    } catch (error) {
      if (error instanceof StudioError) return error;
      throw error;
    }
    throw new Error("nothing was refused");
  }

  it("Stable Diffusion XL", async () => {
    const { code, message } = await refusal((inputs) => [
      ...inputs,
      value("text_embeds", "batch_size", 1280),
      value("time_ids", "batch_size", 6),
    ]);
    expect(code).toBe("model-unsupported");
    expect(message).toBe(
      "This is the UNet of Stable Diffusion XL, which also takes text_embeds and time_ids; the studio works with Stable Diffusion 1.x and 2.x: choose a model of these.",
    );
  });

  it("Stable Diffusion 3", async () => {
    const timestep = value("timestep", "steps");
    const pooled = value("pooled_projections", "batch_size", 2048);
    const { code, message } = await refusal(() => [tokens, text, pooled, timestep]);
    expect(code).toBe("model-unsupported");
    expect(message).toContain("This is the transformer of Stable Diffusion 3");
    expect(message).toContain("the studio works with Stable Diffusion 1.x and 2.x");
  });

  it("Flux", async () => {
    const ids = [value("img_ids", "tokens", 3), value("txt_ids", "sequence_length", 3)];
    const { code, message } = await refusal(() => [
      ...[tokens, text, value("pooled_projections", "batch_size", 768), value("timestep", 1)],
      ...ids,
    ]);
    expect(code).toBe("model-unsupported");
    expect(message).toContain("This is the transformer of Flux");
    expect(message).toContain("the studio works with Stable Diffusion 1.x and 2.x");
  });

  it("a latent consistency model", async () => {
    const { code, message } = await refusal((inputs) => [
      ...inputs,
      value("timestep_cond", "batch_size", 256),
    ]);
    expect(code).toBe("model-unsupported");
    expect(message).toContain("distilled model, which also takes timestep_cond");
  });

  it("inpainting, whose latents have more channels", async () => {
    const { code, message } = await refusal((inputs) =>
      inputs.map((input) =>
        input.name === "sample" ? { ...input, dims: ["batch_size", 9, "height", "width"] } : input,
      ),
    );
    expect(code).toBe("model-unsupported");
    expect(message).toContain("takes 9 channels where text-to-image models take 4");
  });
});
