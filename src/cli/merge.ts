/** @file `merge`: concepts that were trained apart into one concept file, by the closed form. */
import { readFile } from "node:fs/promises";
import { encodeConcept } from "../core/concept/concept-file.ts";
import { StudioError } from "../core/errors.ts";
import { mergeConcepts } from "../engine/merge/merge-concepts.ts";
import { broughtGram, mergeCaptions, regularisationGram } from "../engine/merge/regularisation.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { openRuntime } from "./backend.ts";
import { conceptsOption } from "./concept-option.ts";
import { checkConceptOut } from "./concept-out.ts";
import { checkWritable, writeFileAtomically } from "./files/write-file.ts";
import { DEFAULT_MODEL, EVERYDAY_CAPTIONS, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  type Raw,
  requiredOption,
  textOption,
  withoutOption,
} from "./options.ts";
import { duration, Progress } from "./progress.ts";
import { strengthsOption } from "./strengths-option.ts";

/** Share of the progress that goes to the captions; on the default model it is about that. */
const CAPTIONS_SHARE = 0.8;

/** @throws StudioError for whatever is wrong with options, files or the concepts */
export async function merge(options: Readonly<Record<string, Raw>>): Promise<void> {
  const out = requiredOption("out", options["out"], "name the concept file to write");
  checkConceptOut(out);
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  const optimisations = withoutOption(options["without"]);
  const model = await openModelOption(
    textOption("model", options["model"]) ?? DEFAULT_MODEL,
    optimisations,
  );
  const files = await conceptsOption(model, options["concept"]);
  const strengths = strengthsOption(options["strength"], files.length);
  const captions = await captionsOption(options["captions"]);
  await checkWritable(out);

  const { runtime, reason, release } = await openRuntime(backend, optimisations);
  console.error(reason);
  const progress = new Progress(1);
  try {
    const start = performance.now();
    const texts =
      captions ?? (await mergeCaptions(model, () => readFile(EVERYDAY_CAPTIONS, "utf8")));
    const gram =
      (await broughtGram(model, texts)) ??
      (await regularisationGram(model, runtime, texts, {
        onPass: (_, total) => progress.advance(CAPTIONS_SHARE / total, "features of the captions"),
      }));
    let before = 0;
    const concepts = files.map(({ concept }, i) => ({ concept, strength: strengths[i] ?? 1 }));
    const { concept, report } = await mergeConcepts(model, runtime, concepts, gram, {
      onProgress: (done) => {
        progress.advance((1 - CAPTIONS_SHARE) * (done - before), "merging");
        before = done;
      },
    });
    const bytes = encodeConcept(concept, conceptLayout(model));
    await writeFileAtomically(out, bytes);
    const seconds = (performance.now() - start) / 1000;
    progress.end();
    const words = concept.tokens.map(({ token, category }) => ({ token, category }));
    if (options["json"] === true) {
      const file = { out, bytes: bytes.byteLength, concepts: words, model: model.id };
      console.log(JSON.stringify({ ...file, captions: texts.length, seconds, report }));
      return;
    }
    const named = words.map(({ token, category }) => `${token} ${category}`).join(" and ");
    console.log(
      [
        `${out}: ${named}, ${(bytes.byteLength / 1e6).toFixed(1)} MB, in ${duration(seconds)}`,
        `  held to ${report.rows} features of their prompts, off by ${report.residual.toExponential(1)} at most, and drawn to ${report.contextRows} of longer prompts`,
        `  on ${texts.length} other captions keys and values change by ${(100 * report.drift).toFixed(1)} %`,
      ].join("\n"),
    );
  } finally {
    progress.end();
    release();
  }
}

/** `--captions FILE`: one a line; null takes the model's own, or everyday English. */
async function captionsOption(raw: Raw): Promise<string[] | null> {
  const file = textOption("captions", raw);
  if (file === null) return null;
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new StudioError("invalid-input", `The captions "${file}" cannot be read.`, { cause });
  });
  return text.split("\n").filter((line) => line.trim() !== "");
}
