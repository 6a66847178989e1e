/** @file A full-size model's plan, and every work of it by the studio and by PyTorch on the same device. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openRuntime } from "../../src/cli/backend.ts";
import { StudioError } from "../../src/core/errors.ts";
import { planSentence } from "../../src/core/plan/plan-text.ts";
import { readModel } from "../../src/engine/model/read-model.ts";
import { refuseUnfit } from "../../src/engine/plan/plan-run.ts";
import type { BackendName } from "../../src/rpc/contracts.ts";
import { startTorch, type TorchOptions } from "../contenders.ts";
import { startProcess } from "../peers/process-peer.ts";
import type { FullSizeResults } from "../report/results.ts";
import { today } from "../show.ts";
import { generatedFiles } from "./generated-files.ts";
import { nvidiaMemory, type UsedMemory } from "./gpu-memory.ts";
import { type FullSizeContender, measureWork } from "./measure-work.ts";
import { type FullSizeModel, type FullSizeName, MODELS } from "./models.ts";
import type { FullSizeOptions } from "./options.ts";
import type { OwnStart } from "./own-side.ts";
import { type FullSizePlan, type PlannedWork, planWork } from "./planned-work.ts";

export interface PlannedDevice extends FullSizePlan {
  readonly backend: BackendName;
  /** What computes, and why. */
  readonly device: string;
}

/** The plan of the model on this machine; the device is given back before anything is measured. */
export async function planFullSize({
  model: name,
  backend: wanted,
  memory,
  precision,
  only,
}: FullSizeOptions): Promise<PlannedDevice> {
  const { runtime, reason, release } = await openRuntime(wanted);
  try {
    const model = await readModel(name, generatedFiles(MODELS[name]));
    const plan = await planWork(model, runtime, memory, precision);
    const works = chosen(plan.works, only);
    return { ...plan, works, backend: runtime.backend, device: reason };
  } finally {
    release();
  }
}

function chosen(works: readonly PlannedWork[], only: string): readonly PlannedWork[] {
  const found = works.filter(({ name }) => name.includes(only));
  if (found.length > 0) return found;
  const names = works.map(({ name }) => `"${name}"`);
  throw new StudioError(
    "invalid-input",
    `--only must be part of a row's name, one of ${names.join(", ")}, not "${only}".`,
  );
}

/** What is known after each work. */
export interface Progress {
  /** The work's own rows and notes. */
  readonly latest: Pick<FullSizeResults, "rows" | "notes">;
  /** All so far. */
  readonly results: FullSizeResults;
}

/** @param onWork hears after each work */
export async function measureFullSize(
  planned: PlannedDevice,
  options: Pick<FullSizeOptions, "model" | "rounds" | "torchDevice" | "torchDtype">,
  onWork: (progress: Progress) => Promise<void>,
): Promise<FullSizeResults> {
  const { backend, device, plans, works } = planned;
  plans.forEach(refuseUnfit);
  const { model: name, rounds } = options;
  const onGpu = backend === "webgpu";
  const torchDevice = options.torchDevice ?? (onGpu ? "cuda" : "cpu");
  const used: UsedMemory = onGpu ? nvidiaMemory : () => Promise.resolve(null);
  const folder = await writeConfigs(MODELS[name]);
  const rows: FullSizeResults["rows"] = [];
  const [versions, notes] = [new Set<string>(), new Set<string>()];
  const results = (): FullSizeResults => ({
    ...{ date: today(), rounds, model: MODELS[name].title, device },
    plans: plans.map(planSentence),
    versions: [...versions],
    notes: [...notes],
    rows,
  });
  if (torchDevice === "none") notes.add("PyTorch was left out (--torch-device none).");
  try {
    for (const work of works) {
      const contenders = [own(name, backend, work)];
      if (torchDevice !== "none") {
        const dtype = torchDtype(work, options.torchDtype);
        contenders.push(torch(folder, { device: torchDevice, dtype }));
      }
      const measured = await measureWork(work, contenders, rounds, used);
      for (const version of measured.versions) versions.add(version);
      for (const note of measured.notes) notes.add(note);
      rows.push(...measured.rows);
      const latest = { rows: [...measured.rows], notes: [...measured.notes] };
      await onWork({ latest, results: results() });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return results();
}

const THREADS = Math.min(8, availableParallelism());

function own(model: FullSizeName, backend: BackendName, work: PlannedWork): FullSizeContender {
  const { choices, plannedBytes } = work;
  const start: OwnStart = { model, backend, threads: THREADS, choices };
  const script = fileURLToPath(new URL("own-side.ts", import.meta.url));
  return {
    name: backend === "webgpu" ? "webgpu" : "node",
    precision: choices.precision,
    plannedBytes,
    start: () =>
      startProcess({
        name: "The studio's engine",
        command: process.execPath,
        args: ["--import", "tsx", script, JSON.stringify(start)],
      }),
  };
}

function torch(folder: string, options: TorchOptions): FullSizeContender {
  return {
    name: "torch",
    precision: options.dtype,
    plannedBytes: null,
    start: () => startTorch(THREADS, options, "eager", folder),
  };
}

/** Where nobody says, what the studio computes in: with float16, frozen weights too. */
function torchDtype(
  { choices }: PlannedWork,
  wanted: FullSizeOptions["torchDtype"],
): TorchOptions["dtype"] {
  if (wanted !== "auto") return wanted;
  return choices.precision === "float16" ? "half" : "float32";
}

/** The configurations alone, as PyTorch's side reads them. */
async function writeConfigs({ unet, text, vae, scheduler }: FullSizeModel): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "studio-full-size-"));
  const files = {
    "unet/config.json": unet,
    "text_encoder/config.json": text,
    "vae_decoder/config.json": vae,
    "scheduler/scheduler_config.json": scheduler,
  };
  for (const [file, config] of Object.entries(files)) {
    await mkdir(path.join(folder, path.dirname(file)));
    await writeFile(path.join(folder, file), JSON.stringify(config));
  }
  return folder;
}
