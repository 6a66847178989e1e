/** @file `generate`: a prompt, and perhaps a concept, to images in a folder with a record of how they were made. */
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { decodeConcept, describeConcept } from "../core/concept/concept-file.ts";
import { type Concept, resetConcept } from "../core/concept/concept.ts";
import { SAMPLERS } from "../core/diffusion/sampler.ts";
import { StudioError } from "../core/errors.ts";
import { toPixels } from "../core/image/convert.ts";
import type { ImageSettings } from "../core/image/image-settings.ts";
import { encodeImage } from "../core/image/png-settings.ts";
import { unknownTokens } from "../core/text/modifier-tokens.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import type { Model } from "../engine/model/read-model.ts";
import { Pipeline } from "../engine/sample/pipeline.ts";
import { checkRequest, type GenerateRequest } from "../core/diffusion/generate-request.ts";
import { aboutFile } from "./about-file.ts";
import { openRuntime } from "./backend.ts";
import { writeFileAtomically } from "./files/write-file.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  listOption,
  numberOption,
  type Raw,
  requiredOption,
  textOption,
} from "./options.ts";
import { Progress } from "./progress.ts";

export type GenerateOptions = Readonly<Record<string, Raw>>;

const RESETS = ["none", "difference", "token", "both"] as const;

/** @throws StudioError for whatever is wrong with options, files or the request */
export async function generate(options: GenerateOptions): Promise<void> {
  const out = requiredOption("out", options["out"], "name the folder for the images");
  const request = requestOf(options);
  checkRequest(request);
  const strength = numberOption("strength", options["strength"], 1);
  const reset = choiceOption("reset", options["reset"], RESETS, "none");
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  const model = await openModelOption(textOption("model", options["model"]) ?? DEFAULT_MODEL);
  const concept = await conceptOption(model, options["concept"]);
  const applied =
    concept === null
      ? null
      : resetConcept(concept, {
          difference: reset === "difference" || reset === "both",
          tokens: reset === "token" || reset === "both",
        });
  const known = (concept?.tokens ?? []).map(({ token }) => token);
  for (const token of unknownTokens(`${request.prompt} ${request.negativePrompt}`, known)) {
    console.error(
      `No concept given here is called ${token}, so the model reads it as ordinary letters.`,
    );
  }
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `"${out}" cannot be used as a folder; name another with --out.`,
      { cause },
    );
  });

  const { runtime, reason, release } = await openRuntime(backend);
  console.error(reason);
  try {
    const pipeline = await Pipeline.open(model, runtime);
    const progress = new Progress(request.seeds.length);
    const files: string[] = [];
    const { prompt, negativePrompt, sampler, steps, guidance, eta } = request;
    const way = { prompt, negativePrompt, sampler, steps, guidance, eta };
    const used = (applied?.tokens ?? []).map(({ token, category }) => {
      const file = listOption(options["concept"])[0] ?? "";
      return { id: "", name: path.basename(file), token, category, strength };
    });
    let finished = 0;
    try {
      await pipeline.use(applied, strength);
      await pipeline.generate(request, {
        onCut: (text, cut) =>
          progress.say(`"${text}" is longer than 77 tokens; left out: "${cut}".`),
        onStep: (done, total) => {
          const units = ((done - finished) / total) * request.seeds.length;
          finished = done;
          progress.advance(units, `step ${done} of ${total}`);
        },
        onImage: async ({ seed, picture }) => {
          const name = `${slug(request.prompt)}-${seed}.png`;
          const settings: ImageSettings = {
            ...way,
            seed,
            model: { id: model.id, fingerprint: model.fingerprint },
            concepts: used,
            backend: runtime.backend,
          };
          await writeFileAtomically(path.join(out, name), encodeImage(toPixels(picture), settings));
          files.push(name);
        },
      });
    } finally {
      progress.end();
      await pipeline.release();
    }
    await record(out, files, request, { model: model.id, strength, reset });
    if (options["json"] === true) {
      const { seeds, ...rest } = request;
      const images = files.map((file, i) => ({ file: path.join(out, file), seed: seeds[i] }));
      console.log(JSON.stringify({ ...rest, model: model.id, backend: runtime.backend, images }));
    } else console.log(files.map((file) => path.join(out, file)).join("\n"));
  } finally {
    release();
  }
}

/** The request that the options make. */
export function requestOf(options: GenerateOptions): GenerateRequest {
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

/** The concept of `--concept FILE`; null where none is named. */
export async function conceptOption(model: Model, raw: Raw): Promise<Concept | null> {
  const files = listOption(raw);
  const [file] = files;
  if (file === undefined) return null;
  if (files.length > 1) {
    throw new StudioError(
      "invalid-input",
      "Only one --concept at a time; several have to be trained together into one file first.",
    );
  }
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `The concept file "${file}" cannot be read.`, { cause });
  });
  return aboutFile(file, () => {
    const faces = describeConcept(bytes).train === "crossattn";
    return decodeConcept(bytes, conceptLayout(model, faces), model);
  });
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
function slug(prompt: string): string {
  const words = prompt.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  return words.replaceAll(/^-+|-+$/g, "").slice(0, 60) || "image";
}
