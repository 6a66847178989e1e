/** @file `compose`: several concepts that are kept apart, combined at each denoising step, to images in a folder. */
import path from "node:path";
import { usedConcepts } from "../core/image/image-settings.ts";
import { resize } from "../core/image/resize.ts";
import { toPlanes } from "../core/image/convert.ts";
import { checkWeighting, type Weighting } from "../core/compose/weighting.ts";
import { checkRequest } from "../core/diffusion/generate-request.ts";
import { StudioError } from "../core/errors.ts";
import { distinctTokens } from "../core/merge/distinct-tokens.ts";
import { recordWeighting } from "../core/compose/record-weighting.ts";
import { openRuntime } from "./backend.ts";
import { conceptsOption } from "./concept-option.ts";
import { decodePhoto } from "./files/decode.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  type Raw,
  requiredOption,
  textOption,
  withoutOption,
} from "./options.ts";
import { openOutFolder, paintInto, requestOf, sayUnknownTokens } from "./paint.ts";
import { strengthsOption } from "./strengths-option.ts";

/** @throws StudioError for whatever is wrong with options, files or the request */
export async function compose(options: Readonly<Record<string, Raw>>): Promise<void> {
  const out = requiredOption("out", options["out"], "name the folder for the images");
  const request = requestOf(options);
  checkRequest(request);
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  const optimisations = withoutOption(options["without"]);
  const model = await openModelOption(
    textOption("model", options["model"]) ?? DEFAULT_MODEL,
    optimisations,
  );
  const files = await conceptsOption(model, options["concept"]);
  const strengths = strengthsOption(options["strength"], files.length);
  const { sampleSize } = model.config;
  const weighting = await weightingOption(options, sampleSize);
  checkWeighting(weighting, files.length, sampleSize ** 2);
  const words = distinctTokens(files.map(({ concept }) => concept.tokens));
  const concepts = files.map(({ concept }, i) => ({
    concept: { ...concept, tokens: words[i] ?? [] },
    strength: strengths[i] ?? 1,
  }));
  sayUnknownTokens(
    request,
    words.flat().map(({ token }) => token),
  );
  await openOutFolder(out);

  const { runtime, reason, release } = await openRuntime(backend, optimisations);
  console.error(reason);
  try {
    const composition = recordWeighting(weighting);
    const painted = await paintInto({
      ...{ model, runtime, request, out, composition },
      prepare: (pipeline) => pipeline.compose(concepts, weighting),
      concepts: concepts.flatMap(({ concept, strength }, i) =>
        usedConcepts({
          id: "",
          name: path.basename(files[i]?.file ?? ""),
          tokens: concept.tokens,
          strength,
        }),
      ),
      note: { composition: composition.kind, strengths },
    });
    const used = concepts.map(({ concept }) =>
      concept.tokens.map(({ token, category }) => `${token} ${category}`).join(", "),
    );
    if (options["json"] === true) {
      const { seeds, ...rest } = request;
      const images = painted.map((file, i) => ({ file, seed: seeds[i] }));
      const made = { model: model.id, backend: runtime.backend, concepts: used, images };
      console.log(JSON.stringify({ ...rest, composition: composition.kind, ...made }));
    } else console.log(painted.join("\n"));
  } finally {
    release();
  }
}

/** `--weights 0.6,0.4`, `--weights solved`, or `--regions a.png,b.png`, masks whose bright places are painted. */
async function weightingOption(
  options: Readonly<Record<string, Raw>>,
  size: number,
): Promise<Weighting> {
  const weights = textOption("weights", options["weights"]);
  const regions = textOption("regions", options["regions"]);
  if (weights !== null && regions !== null) {
    throw new StudioError("invalid-input", "Give --weights or --regions, not both.");
  }
  if (regions !== null) {
    const masks: Float32Array[] = [];
    for (const file of regions.split(",")) masks.push(await maskOf(file.trim(), size));
    return { kind: "regions", masks };
  }
  if (weights === null || weights === "solved") return { kind: "solved" };
  const numbers = weights.split(",").map((text) => (text.trim() === "" ? NaN : Number(text)));
  if (numbers.some(Number.isNaN)) {
    throw new StudioError(
      "invalid-input",
      `--weights must be "solved" or one number a concept, like 0.6,0.4, not "${weights}".`,
    );
  }
  return { kind: "fixed", weights: numbers };
}

/** A picture's brightness at the size of latents, from 0 to 1. */
async function maskOf(file: string, size: number): Promise<Float32Array> {
  const { data } = resize(toPlanes(await decodePhoto(file)), size, size, "bilinear");
  const places = size ** 2;
  // Planes go from -1 to 1, in three channels.
  return Float32Array.from({ length: places }, (_, i) => {
    const sum = (data[i] ?? 0) + (data[places + i] ?? 0) + (data[2 * places + i] ?? 0);
    return Math.min(1, Math.max(0, (sum / 3 + 1) / 2));
  });
}
