/** @file Images of one request into a folder, with a record of how they were made; what `generate` and `compose` share. */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { GenerateRequest } from "../core/diffusion/generate-request.ts";
import { SAMPLERS } from "../core/diffusion/sampler.ts";
import { StudioError } from "../core/errors.ts";
import { toPixels } from "../core/image/convert.ts";
import type { ImageSettings } from "../core/image/image-settings.ts";
import { encodeImage } from "../core/image/png-settings.ts";
import { unknownTokens } from "../core/text/modifier-tokens.ts";
import type { Model } from "../engine/model/read-model.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import { Pipeline } from "../engine/sample/pipeline.ts";
import type { AttentionFolder } from "./attention.ts";
import { writeFileAtomically } from "./files/write-file.ts";
import { choiceOption, numberOption, type Raw, requiredOption, textOption } from "./options.ts";
import { Progress } from "./progress.ts";

export interface PaintJob {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly request: GenerateRequest;
  /** Folder of the images. */
  readonly out: string;
  /** Chooses concepts. */
  readonly prepare: (pipeline: Pipeline) => Promise<void>;
  readonly concepts: ImageSettings["concepts"];
  readonly composition?: ImageSettings["composition"];
  /** Gets where the words of the images look. */
  readonly attention?: AttentionFolder | undefined;
  /** What metadata.jsonl says beside the request. */
  readonly note: Readonly<Record<string, unknown>>;
}

/** Makes the folder of an option, or says why not. */
export async function openOutFolder(out: string, option = "--out"): Promise<void> {
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `"${out}" cannot be used as a folder; name another with ${option}.`,
      { cause },
    );
  });
}

/** Says on stderr which words in angle brackets nobody knows. */
export function sayUnknownTokens(request: GenerateRequest, known: readonly string[]): void {
  for (const token of unknownTokens(`${request.prompt} ${request.negativePrompt}`, known)) {
    console.error(
      `No concept given here is called ${token}, so the model reads it as ordinary letters.`,
    );
  }
}

/** Paths of the images, in the order of the seeds. */
export async function paintInto(job: PaintJob): Promise<string[]> {
  const { model, runtime, request, out, concepts, composition, attention } = job;
  const pipeline = await Pipeline.open(model, runtime);
  const progress = new Progress(request.seeds.length);
  const files: string[] = [];
  const { prompt, negativePrompt, sampler, steps, guidance, eta } = request;
  let finished = 0;
  try {
    await job.prepare(pipeline);
    await pipeline.generate(request, {
      onCut: (text, cut) => progress.say(`"${text}" is longer than 77 tokens; left out: "${cut}".`),
      onStep: (done, total) => {
        const units = ((done - finished) / total) * request.seeds.length;
        finished = done;
        progress.advance(units, `step ${done} of ${total}`);
      },
      ...(attention === undefined ? {} : { onAttention: attention.onAttention }),
      onImage: async ({ seed, picture }) => {
        const stem = `${slug(prompt)}-${seed}`;
        const name = `${stem}.png`;
        const pixels = toPixels(picture);
        const settings: ImageSettings = {
          ...{ prompt, negativePrompt, sampler, steps, guidance, eta, seed, concepts },
          model: { id: model.id, fingerprint: model.fingerprint },
          backend: runtime.backend,
          ...(composition === undefined ? {} : { composition }),
        };
        await writeFileAtomically(path.join(out, name), encodeImage(pixels, settings));
        files.push(name);
        await attention?.write(stem, pixels, pipeline.words(prompt));
      },
    });
  } finally {
    progress.end();
    await pipeline.release();
  }
  await record(out, files, request, { model: model.id, ...job.note });
  return files.map((file) => path.join(out, file));
}

/** The request that the options make. */
export function requestOf(options: Readonly<Record<string, Raw>>): GenerateRequest {
  const number = (name: string, fallback: number) => numberOption(name, options[name], fallback);
  const seed = number("seed", 1);
  const count = number("count", 1);
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw new StudioError(
      "invalid-input",
      `--count must be a whole number from 1 to 10000, not ${count}.`,
    );
  }
  return {
    prompt: requiredOption("prompt", options["prompt"], "say what to paint"),
    negativePrompt: textOption("negativePrompt", options["negativePrompt"]) ?? "",
    sampler: choiceOption("sampler", options["sampler"], SAMPLERS, "ddim"),
    steps: number("steps", 25),
    guidance: number("guidance", 5),
    eta: number("eta", 0),
    seeds: Array.from({ length: count }, (_, i) => seed + i),
    batch: number("batch", 1),
  };
}

/** Adds the images to the folder's metadata.jsonl, as a Hugging Face imagefolder has it. */
async function record(
  out: string,
  files: readonly string[],
  { seeds, prompt, ...settings }: GenerateRequest,
  more: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = path.join(out, "metadata.jsonl");
  const made = new Set(files);
  const before = await readFile(file, "utf8").catch(() => "");
  const others = before.split("\n").filter((line) => line !== "" && !made.has(nameIn(line)));
  const lines = files.map((name, i) =>
    JSON.stringify({ file_name: name, text: prompt, seed: seeds[i], ...settings, ...more }),
  );
  const text = [...others, ...lines, ""].join("\n");
  await writeFileAtomically(file, new TextEncoder().encode(text));
}

function nameIn(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && "file_name" in entry
      ? String(entry.file_name)
      : "";
  } catch {
    return "";
  }
}

/** "photo-of-a-new1-bear": a file name that the prompt can be told from. */
export function slug(prompt: string): string {
  const words = prompt.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  return words.replaceAll(/^-+|-+$/g, "").slice(0, 60) || "image";
}
