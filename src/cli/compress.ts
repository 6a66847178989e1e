/** @file `compress`: a concept file as factors of its difference, and what that costs. */
import { encodeConcept } from "../core/concept/concept-file.ts";
import { compressConcept } from "../core/concept/compress-concept.ts";
import { withoutFactors } from "../core/concept/concept.ts";
import { StudioError } from "../core/errors.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { conceptOption } from "./concept-option.ts";
import { checkConceptOut } from "./concept-out.ts";
import { checkWritable, writeFileAtomically } from "./files/write-file.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import { numberOption, type Raw, textOption } from "./options.ts";

/** @throws StudioError for whatever is wrong with options or the file */
export async function compress(options: Readonly<Record<string, Raw>>): Promise<void> {
  const out = textOption("out", options["out"]);
  if (out !== null) checkConceptOut(out);
  const keep = numberOption("keep", options["keep"], 0.6);
  const model = await openModelOption(textOption("model", options["model"]) ?? DEFAULT_MODEL);
  const concept = await conceptOption(model, options["concept"]);
  if (concept === null) {
    throw new StudioError("invalid-input", "--concept is missing: name the concept file.");
  }
  const layout = conceptLayout(model);
  const compressed = await compressConcept(concept, layout, { keep });
  const before = encodeConcept(withoutFactors(concept), layout).byteLength;
  const bytes = encodeConcept(compressed.concept, layout);
  if (out !== null) {
    await checkWritable(out);
    await writeFileAtomically(out, bytes);
  }
  const { error, ranks } = compressed;
  if (options["json"] === true) {
    console.log(JSON.stringify({ out, bytes: bytes.byteLength, before, keep, error, ranks }));
    return;
  }
  const megabytes = (size: number): string => `${(size / 1e6).toFixed(2)} MB`;
  console.log(
    `${out ?? "Compressed"}: ${megabytes(bytes.byteLength)} of ${megabytes(before)}, ranks ${Math.min(...ranks)} to ${Math.max(...ranks)}, ${(100 * error).toFixed(1)} % of the difference left out`,
  );
}
