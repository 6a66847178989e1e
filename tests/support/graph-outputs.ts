/**
 * @file A process of its own that runs the default model's UNet, training graph and text encoder once, without some
 * optimisations, and writes what comes out: onnxruntime's WebAssembly file is loaded once a process.
 *
 *   node --import tsx tests/support/graph-outputs.ts NAMES FILE
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { optimisationsWithout } from "../../src/core/optimisations.ts";
import { normal } from "../../src/core/random/normal.ts";
import { PromptTokenizer } from "../../src/core/text/modifier-tokens.ts";
import { trainingGraph } from "../../src/core/surgery/training-graph.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { readModel } from "../../src/engine/model/read-model.ts";
import { nodeRuntime } from "../../src/engine/ort/runtime-node.ts";
import { trainingGraphOptions } from "../../src/engine/ort/runtime.ts";
import { Session } from "../../src/engine/ort/session.ts";
import { defaultSettings } from "../../src/core/train/settings.ts";
import { Trainer } from "../../src/engine/train/trainer.ts";
import { trainingSamples } from "../../bench/work/samples.ts";
import { Captions } from "../../src/engine/train/captions.ts";
import type { HostTensor } from "../../src/engine/tensor.ts";
import { folderFiles } from "../../src/hub/folder-files.ts";

const [names = "", file = ""] = process.argv.slice(2);
const folder = fileURLToPath(new URL("../../public/models/toybox-256", import.meta.url));
const runtime = nodeRuntime(1, optimisationsWithout(names));
const { optimisations } = runtime;
const model = await readModel("toybox-256", folderFiles(folder), undefined, optimisations);
const unet = model.unetOf(1);
const training = trainingGraph(unet, trainingGraphOptions(runtime));
const outputs: Record<string, number[]> = {};
for (const [name, graph] of Object.entries({ forward: unet.graph, training: training.graph })) {
  const session = await Session.create(runtime, graph, model.reader("unet"), { name });
  const feeds = Object.fromEntries(
    graph.inputs.map((input): [string, HostTensor] => {
      const dims = input.dims.map(Number);
      // The same numbers for an input of the same name, however the graph lists them.
      const seed = new TextEncoder().encode(input.name).reduce((sum, byte) => sum + byte, 0);
      const data = normal(seed, elementCount(dims));
      return [input.name, { dims, data: dims.length === 0 ? data.fill(1) : data }];
    }),
  );
  const results = await session.run(feeds);
  outputs[name] = Object.values(results).flatMap(({ data }) => [...data]);
  await session.release();
}
const caption = "photo of a <new1> bear";
const tokenizer = new PromptTokenizer(model.tokenizer, model.vocabularySize, ["<new1>"]);
const captions = await Captions.open(model, runtime, tokenizer, true);
const rows = normal(1, model.config.textWidth).map((x) => 0.02 * x);
const features = await captions.features([caption], rows);
outputs["features"] = [...features.data];
const upstream = { ...features, data: normal(2, features.data.length) };
outputs["rows"] = [...(await captions.rowGradient([caption], rows, upstream))];
await captions.release();
outputs["step"] = await oneStep();
await writeFile(file, JSON.stringify({ nodes: training.graph.nodes.length, ...outputs }));

/** Losses of a step, the gradient's norm, and some of the gradient. */
async function oneStep(): Promise<number[]> {
  const settings = { ...defaultSettings(model.config.textWidth), batch: 2, microBatch: 2 };
  const trainer = await Trainer.open(model, runtime, settings, [
    { token: "<new1>", category: "bear" },
  ]);
  const { losses, gradientNorm } = await trainer.trainOn(trainingSamples(model, 2, 1));
  // After one step the first moment is the gradient times a number.
  const { m } = await trainer.state();
  await trainer.release();
  return [...losses, gradientNorm, ...m.filter((_, i) => i % 100 === 0)];
}
