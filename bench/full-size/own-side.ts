/**
 * @file The studio's engine on one full-size work, in a process of its own: a heap of WebAssembly never shrinks, and what a
 * process takes of a GPU is what it took more than there was before.
 */
import { createInterface } from "node:readline";
import type { TrainingChoices } from "../../src/core/plan/choices.ts";
import { readModel } from "../../src/engine/model/read-model.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../../src/engine/ort/runtime-node.ts";
import { runtimeFor } from "../../src/engine/plan/runtime-for.ts";
import type { BackendName } from "../../src/rpc/contracts.ts";
import { ownSide } from "../peers/own-side.ts";
import type { Request } from "../peers/protocol.ts";
import { generatedFiles } from "./generated-files.ts";
import { type FullSizeName, MODELS } from "./models.ts";
import { openFullSize } from "./own-work.ts";

/** What it is started with, as JSON. */
export interface OwnStart {
  readonly model: FullSizeName;
  readonly backend: BackendName;
  readonly threads: number;
  readonly choices: TrainingChoices;
}

const { model: name, backend, threads, choices } = JSON.parse(process.argv[2] ?? "") as OwnStart;
const { runtime, release } =
  backend === "webgpu"
    ? await nodeWebGpuRuntime()
    : { runtime: nodeRuntime(threads), release: () => undefined };
const planned = runtimeFor(runtime, choices);
const answer = ownSide(async (work) => {
  const model = await readModel(name, generatedFiles(MODELS[name]));
  return openFullSize(work, model, planned);
});

const say = (line: object): void => console.log(JSON.stringify(line));
say({ ready: `Node ${process.versions.node}` });
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(JSON.parse(line) as Request));
}
release();
