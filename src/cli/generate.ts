/** @file `generate`: a prompt, and perhaps a concept, to images in a folder with a record of how they were made. */
import path from "node:path";
import { resetConcept } from "../core/concept/concept.ts";
import { checkRequest } from "../core/diffusion/generate-request.ts";
import { usedConcepts } from "../core/image/image-settings.ts";
import { paintingRuntime, refuseTooLarge } from "../engine/plan/painting-runtime.ts";
import { AttentionFolder } from "./attention.ts";
import { openRuntime } from "./backend.ts";
import { conceptOption } from "./concept-option.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  listOption,
  numberOption,
  precisionOption,
  type Raw,
  requiredOption,
  textOption,
  withoutOption,
} from "./options.ts";
import { openOutFolder, paintInto, requestOf, sayUnknownTokens } from "./paint.ts";

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
  const precision = precisionOption(options["precision"]);
  const optimisations = withoutOption(options["without"]);
  const model = await openModelOption(
    textOption("model", options["model"]) ?? DEFAULT_MODEL,
    optimisations,
  );
  const concept = await conceptOption(model, options["concept"]);
  const applied =
    concept === null
      ? null
      : resetConcept(concept, {
          difference: reset === "difference" || reset === "both",
          tokens: reset === "token" || reset === "both",
        });
  const tokens = concept?.tokens ?? [];
  sayUnknownTokens(
    request,
    tokens.map(({ token }) => token),
  );
  const attention = await AttentionFolder.open(options["attention"], model, request);
  await openOutFolder(out);

  const opened = await openRuntime(backend, optimisations);
  console.error(opened.reason);
  try {
    const runtime = paintingRuntime(opened.runtime, model.config.textWidth, precision);
    refuseTooLarge(model, runtime);
    const name = path.basename(listOption(options["concept"])[0] ?? "");
    const files = await paintInto({
      ...{ model, runtime, request, out, attention },
      prepare: (pipeline) => pipeline.use(applied, strength),
      concepts: concept === null ? [] : usedConcepts({ id: "", name, tokens, strength }),
      note: { strength, reset },
    });
    if (options["json"] === true) {
      const { seeds, ...rest } = request;
      const images = files.map((file, i) => ({
        ...{ file, seed: seeds[i] },
        ...(attention === undefined ? {} : { attention: attention.images[i] }),
      }));
      const used = { backend: runtime.backend, precision: runtime.precision };
      console.log(JSON.stringify({ ...rest, model: model.id, ...used, images }));
    } else {
      const overlays = attention?.images.flat().map(({ file }) => file) ?? [];
      console.log([...files, ...overlays].join("\n"));
    }
  } finally {
    opened.release();
  }
}
