/** @file `evaluate`: how well pictures of a concept match its photos and their prompts. */
import { readFile } from "node:fs/promises";
import type { Concept } from "../core/concept/concept.ts";
import { fillPrompt, parsePrompts, SCENE_PROMPTS } from "../core/evaluate/prompts.ts";
import { StudioError } from "../core/errors.ts";
import { toPixels, toPlanes } from "../core/image/convert.ts";
import { removeModifierTokens } from "../core/text/modifier-tokens.ts";
import { openClip } from "../engine/evaluate/clip.ts";
import {
  type PictureScores,
  scorePictures,
  type ScoredPicture,
} from "../engine/evaluate/score-pictures.ts";
import type { Model } from "../engine/model/read-model.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import { Pipeline } from "../engine/sample/pipeline.ts";
import { checkRequest, type GenerateRequest } from "../core/diffusion/generate-request.ts";
import { openRuntime } from "./backend.ts";
import { readImageFolder } from "./files/image-folder.ts";
import { type Photo, readPhotos } from "./files/photos.ts";
import { conceptOption } from "./concept-option.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  type Raw,
  requiredOption,
  textOption,
  withoutOption,
} from "./options.ts";
import { requestOf } from "./paint.ts";
import { Progress } from "./progress.ts";

type EvaluateOptions = Readonly<Record<string, Raw>>;

/** @throws StudioError for whatever is wrong with options or files */
export async function evaluate(options: EvaluateOptions): Promise<void> {
  const folder = requiredOption("images", options["images"], "name the folder of photos");
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  const optimisations = withoutOption(options["without"]);
  const generated = textOption("generated", options["generated"]);
  const model = await openModelOption(
    textOption("model", options["model"]) ?? DEFAULT_MODEL,
    optimisations,
  );
  const concept = await conceptOption(model, options["concept"]);
  const photos = await readPhotos(folder, (warning) => console.error(warning));
  const requests = generated === null ? await requestsOf(options, concept) : [];
  const given = generated === null ? [] : await readImageFolder(generated);

  const { runtime, reason, release } = await openRuntime(backend, optimisations);
  console.error(reason);
  try {
    // Painted before CLIP is opened: the UNet and CLIP need not be in memory together.
    const pictures: ScoredPicture[] =
      generated === null
        ? await paint(model, runtime, concept, requests)
        : given.map(({ pixels, text }) => ({ picture: toPlanes(pixels), caption: text }));
    const scores = await scoreWith(model, runtime, withoutTokens(pictures, concept), photos);
    const sizes = { pictures: pictures.length, photos: photos.length, model: model.id };
    if (options["json"] === true) console.log(JSON.stringify({ ...scores, ...sizes }));
    else {
      const { imageAlignment: image, textAlignment: text, photoAlignment } = scores;
      const among =
        photoAlignment === null
          ? ""
          : `; the photos among themselves ${photoAlignment.value.toFixed(3)}`;
      const lines = [
        `image alignment  ${image.value.toFixed(3)} (mean of ${image.pairs} cosines to ${photos.length} photos, deviation ${image.deviation.toFixed(3)}${among})`,
        `text alignment   ${text.value.toFixed(3)} (mean of ${text.pairs} cosines to the prompts without the token, deviation ${text.deviation.toFixed(3)}; CLIPScore ${text.clipScore.toFixed(3)})`,
      ];
      console.log(lines.join("\n"));
    }
  } finally {
    release();
  }
}

async function scoreWith(
  model: Model,
  runtime: Runtime,
  pictures: readonly ScoredPicture[],
  photos: readonly Photo[],
): Promise<PictureScores> {
  const clip = await openClip(model.files, runtime);
  try {
    const planes = photos.map(({ pixels }) => toPlanes(pixels));
    return await scorePictures(clip, model.tokenizer, pictures, planes);
  } finally {
    await clip.release();
  }
}

/** The captions as CLIP knows them: without the concept's tokens, or whatever looks like one where none is named. */
function withoutTokens(
  pictures: readonly ScoredPicture[],
  concept: Concept | null,
): ScoredPicture[] {
  const named = concept?.tokens.map(({ token }) => token);
  return pictures.map(({ picture, caption }) => {
    const tokens = named ?? caption.match(/<[^\s<>]+>/g) ?? [];
    return { picture, caption: removeModifierTokens(caption, tokens) };
  });
}

/** One request a prompt, with as many images as --count says. */
async function requestsOf(
  options: EvaluateOptions,
  concept: Concept | null,
): Promise<GenerateRequest[]> {
  const category = textOption("category", options["category"]);
  const [first] = concept?.tokens ?? [];
  if (first === undefined && category === null) {
    throw new StudioError(
      "invalid-input",
      "Say what to evaluate: --concept FILE, --generated FOLDER, or --category WORD for the base model.",
    );
  }
  const thing = category ?? (first === undefined ? "" : `${first.token} ${first.category}`);
  const file = textOption("prompts", options["prompts"]);
  const templates = file === null ? SCENE_PROMPTS : parsePrompts(await readText(file), file);
  return templates.map((template, index) => {
    const request = requestOf({ ...options, prompt: fillPrompt(template, thing) });
    // No two pictures from the same noise: scores of few seeds would hang on what those seeds make of the thing.
    const seeds = request.seeds.map((seed) => seed + index * request.seeds.length);
    checkRequest({ ...request, seeds });
    return { ...request, seeds };
  });
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new StudioError("invalid-input", `The prompts "${file}" cannot be read.`, { cause });
  });
}

/** The pictures of all requests, each with its prompt. */
async function paint(
  model: Model,
  runtime: Runtime,
  concept: Concept | null,
  requests: readonly GenerateRequest[],
): Promise<ScoredPicture[]> {
  const pipeline = await Pipeline.open(model, runtime);
  try {
    await pipeline.use(concept);
    const total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
    const progress = new Progress(total);
    const pictures: ScoredPicture[] = [];
    for (const request of requests) {
      await pipeline.generate(request, {
        onImage: ({ picture }) => {
          // Scored as it would be saved: 8 bits a channel.
          pictures.push({ picture: toPlanes(toPixels(picture)), caption: request.prompt });
          progress.advance(1, `image ${pictures.length} of ${total}`);
        },
      });
    }
    progress.end();
    return pictures;
  } finally {
    await pipeline.release();
  }
}
