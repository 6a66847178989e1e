/**
 * @file `inspect`: a concept file's words and settings, or an ONNX file's inputs, outputs and operators; for a UNet also
 * its cross-attention and training graph.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { StudioError } from "../core/errors.ts";
import { checkNames } from "../core/onnx/check.ts";
import { decodeModel } from "../core/onnx/codec.ts";
import { type Constant, constantBytes } from "../core/onnx/constant.ts";
import { graphFromModel } from "../core/onnx/from-proto.ts";
import type { Declared, Graph } from "../core/onnx/graph.ts";
import { materialise } from "../core/onnx/materialise.ts";
import { trainingGraph } from "../core/surgery/training-graph.ts";
import { prepareUnet, type UnetShape } from "../core/surgery/unet.ts";
import { CLIP_TOKENS } from "../core/text/clip-tokenizer.ts";
import { folderFiles } from "../hub/folder-files.ts";
import { externalReader } from "../hub/model-files.ts";
import { inspectConcept } from "./inspect-concept.ts";
import { inspectPlan, type InspectPlanOptions } from "./inspect-plan.ts";

export interface InspectOptions extends InspectPlanOptions {
  readonly json?: boolean;
  readonly plan?: boolean;
}

interface Report {
  readonly file: string;
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: number;
  readonly operators: Readonly<Record<string, number>>;
  readonly weightBytes: number;
  readonly externalFiles: readonly string[];
  readonly unet?: UnetReport;
}

interface UnetReport {
  readonly shape: UnetShape;
  readonly nodes: number;
  readonly crossAttentionBlocks: number;
  readonly kvParameters: number;
  readonly training: {
    readonly nodes: number;
    readonly nodesDifferentiated: number;
    readonly duplicateWeightBytes: number;
  };
}

/** @throws StudioError naming what is wrong with the file or the options */
export async function inspect(file: string, options: InspectOptions): Promise<void> {
  if (options.plan === true) {
    console.log(await inspectPlan(file, options));
    return;
  }
  const batch = Number(options.batch ?? 4);
  if (!Number.isInteger(batch) || batch < 1) {
    throw new StudioError(
      "invalid-input",
      `--batch must be a whole number above 0, not "${options.batch ?? ""}".`,
    );
  }
  const bytes = await bytesOf(file);
  if (file.endsWith(".safetensors")) {
    console.log(inspectConcept(file, bytes, options.json === true));
    return;
  }
  const graph = graphFromModel(decodeModel(bytes, `"${file}"`));
  checkNames(graph);
  const externalFiles = await checkedExternal(graph, path.dirname(file));
  const isUnet = graph.inputs.some(({ name }) => name === "encoder_hidden_states");
  const report: Report = {
    file,
    opset: graph.opset,
    inputs: graph.inputs.map(signature),
    outputs: graph.outputs.map(signature),
    nodes: graph.nodes.length,
    operators: histogram(graph),
    weightBytes: [...graph.constants.values()].reduce((sum, c) => sum + constantBytes(c), 0),
    externalFiles,
    ...(isUnet ? { unet: await unetReport(graph, file, batch) } : {}),
  };
  console.log(options.json === true ? JSON.stringify(report) : asText(report));
}

async function bytesOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new StudioError(
      "invalid-input",
      `"${file}" cannot be read; give the path of an .onnx or a .concept.safetensors file.`,
      {
        cause,
      },
    );
  }
}

/** Names of the external data files, each of them there and long enough. */
async function checkedExternal(graph: Graph, folder: string): Promise<string[]> {
  const read = externalReader(folderFiles(folder), ".");
  const furthest = new Map<string, { end: number; constant: Constant }>();
  for (const constant of graph.constants.values()) {
    if (constant.data.kind !== "external") continue;
    const { location, offset, length } = constant.data;
    const end = offset + length;
    if (end > (furthest.get(location)?.end ?? -1)) furthest.set(location, { end, constant });
  }
  // The last tensor of each file tells whether the file is whole.
  for (const { constant } of furthest.values()) await materialise(constant, read);
  return [...furthest.keys()];
}

async function unetReport(graph: Graph, file: string, batch: number): Promise<UnetReport> {
  const shape: UnetShape = { batch, tokens: CLIP_TOKENS, ...(await sizesBeside(file, graph)) };
  const unet = prepareUnet(graph, shape);
  const training = trainingGraph(unet);
  return {
    shape,
    nodes: unet.graph.nodes.length,
    crossAttentionBlocks: unet.blocks,
    kvParameters: unet.kv.textWidth * unet.kv.columns,
    training: {
      nodes: training.graph.nodes.length,
      nodesDifferentiated: training.report.nodesDifferentiated,
      duplicateWeightBytes: training.report.duplicateBytes,
    },
  };
}

/** Latent size and text width: from config.json beside the file, as Hugging Face keeps it. */
async function sizesBeside(
  file: string,
  graph: Graph,
): Promise<Pick<UnetShape, "height" | "width" | "textWidth">> {
  const config = await readFile(path.join(path.dirname(file), "config.json"), "utf8").then(
    (text) => JSON.parse(text) as Readonly<Record<string, unknown>>,
    () => null,
  );
  const size = config?.["sample_size"];
  const declared = graph.inputs.find(({ name }) => name === "encoder_hidden_states")?.dims[2];
  const textWidth = typeof declared === "number" ? declared : config?.["cross_attention_dim"];
  if (typeof size === "number" && typeof textWidth === "number") {
    return { height: size, width: size, textWidth };
  }
  throw new StudioError(
    "model-unsupported",
    `The UNet's sizes are not known: "${path.join(path.dirname(file), "config.json")}" with sample_size and cross_attention_dim is missing; keep it beside the .onnx file.`,
  );
}

function signature({ dims, dtype, name }: Declared): string {
  return `${name} ${dtype}[${dims.map((d) => d ?? "?").join(", ")}]`;
}

function histogram(graph: Graph): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType } of graph.nodes) counts.set(opType, (counts.get(opType) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

function asText(report: Report): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const external =
    report.externalFiles.length === 0 ? "" : ` in ${report.externalFiles.join(", ")}`;
  const lines = [
    report.file,
    `  inputs     ${report.inputs.join("; ")}`,
    `  outputs    ${report.outputs.join("; ")}`,
    `  nodes      ${report.nodes}, operator set ${report.opset}`,
    `  operators  ${Object.entries(report.operators)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
    `  weights    ${megabytes(report.weightBytes)}${external}`,
  ];
  const { unet } = report;
  if (unet === undefined) return lines.join("\n");
  const { height, width } = unet.shape;
  return [
    ...lines,
    `  UNet       ${unet.nodes} nodes once static at ${unet.shape.batch} x ${height} x ${width} latents, ${unet.crossAttentionBlocks} cross-attention blocks, ${unet.kvParameters} K/V parameters`,
    `  training   ${unet.training.nodes} nodes, ${unet.training.nodesDifferentiated} of them differentiated; ${megabytes(unet.training.duplicateWeightBytes)} of weights kept twice (flipped or transposed)`,
  ].join("\n");
}
