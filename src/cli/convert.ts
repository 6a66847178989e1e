/** @file `convert`: concept files into files that other tools load, and files of other tools into concepts. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { encodeConcept } from "../core/concept/concept-file.ts";
import type { Concept } from "../core/concept/concept.ts";
import { StudioError } from "../core/errors.ts";
import { readExchange } from "../core/exchange/detect.ts";
import type { ExchangeBase } from "../core/exchange/exchange-base.ts";
import { conceptFromExchanged } from "../core/exchange/from-exchanged.ts";
import {
  EXPORT_KEEP,
  EXPORT_TARGETS,
  exportFiles,
  type ExportTarget,
  SINGLE_FILES,
} from "../core/exchange/export-files.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { changesFaces, exchangeBase, rowOfCategory } from "../engine/model/exchange-base.ts";
import type { Model } from "../engine/model/read-model.ts";
import { aboutFile } from "./about-file.ts";
import { isConceptFile, readConceptFile } from "./concept-option.ts";
import { checkConceptOut } from "./concept-out.ts";
import { checkWritable, writeFileAtomically } from "./files/write-file.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  choiceOption,
  listOption,
  numberOption,
  type Raw,
  requiredOption,
  textOption,
} from "./options.ts";
import { openOutFolder } from "./paint.ts";

const CONVERT_TARGETS = ["concept", ...EXPORT_TARGETS] as const;

/** @throws StudioError for whatever is wrong with options or files */
export async function convert(
  files: readonly string[],
  options: Readonly<Record<string, Raw>>,
): Promise<void> {
  const out = requiredOption("out", options["out"], "name the file or folder to write");
  const to = choiceOption("to", options["to"], CONVERT_TARGETS, "concept");
  const keep = numberOption(
    "keep",
    options["keep"],
    (to === "concept" ? null : EXPORT_KEEP[to]) ?? 0.6,
  );
  if (!(keep > 0 && keep <= 1)) {
    throw new StudioError("invalid-input", `--keep must be above 0 and at most 1, not ${keep}.`);
  }
  if (to === "concept") checkConceptOut(out);
  const model = await openModelOption(textOption("model", options["model"]) ?? DEFAULT_MODEL);
  const concept = await readAny(model, files, listOption(options["category"]));
  const base = await exchangeBase(model, concept.queryOutDifference !== null);
  const written = await write(to, concept, base, { out, keep, model });
  const words = concept.tokens.map(({ token, category }) => ({ token, category }));
  if (options["json"] === true) {
    console.log(JSON.stringify({ to, files: written, concepts: words, model: model.id }));
  } else console.log(written.map(({ file, bytes }) => `${file}: ${size(bytes)}`).join("\n"));
}

interface WrittenFile {
  readonly file: string;
  readonly bytes: number;
}

async function write(
  to: "concept" | ExportTarget,
  concept: Concept,
  base: ExchangeBase,
  { out, keep, model }: { readonly out: string; readonly keep: number; readonly model: Model },
): Promise<WrittenFile[]> {
  const faces = concept.queryOutDifference !== null;
  const made =
    to === "concept"
      ? new Map([["", encodeConcept(concept, conceptLayout(model, faces))]])
      : await exportFiles(to, concept, base, { keep, topology: model.config.topology });
  const [single] = made.values();
  if (single !== undefined && (to === "concept" || SINGLE_FILES.has(to))) {
    await checkWritable(out);
    await writeFileAtomically(out, single);
    return [{ file: out, bytes: single.byteLength }];
  }
  await openOutFolder(out);
  const written: WrittenFile[] = [];
  for (const [name, bytes] of made) {
    const file = path.join(out, name);
    await writeFileAtomically(file, bytes);
    written.push({ file, bytes: bytes.byteLength });
  }
  return written;
}

/** A concept file, or files of other tools that are one concept together. */
async function readAny(
  model: Model,
  files: readonly string[],
  categories: readonly string[],
): Promise<Concept> {
  const [first] = files;
  if (first === undefined) {
    throw new StudioError("invalid-input", "Name the file to convert.");
  }
  const read = await Promise.all(files.map(async (file) => ({ file, bytes: await bytesOf(file) })));
  if (read.some(({ bytes }) => isConceptFile(bytes))) {
    if (files.length === 1) return readConceptFile(model, first);
    throw new StudioError(
      "invalid-input",
      "A concept file holds all there is of a concept; convert it alone.",
    );
  }
  const { layersPerBlock } = model.config.topology;
  const held = read.map(({ file, bytes }) =>
    aboutFile(file, () => readExchange(bytes, path.basename(file), layersPerBlock)),
  );
  const tokens = held.flatMap((one) => [...one.tokens.keys()]);
  if (tokens.length !== categories.length) {
    throw new StudioError(
      "invalid-input",
      `Files of other tools do not say what their words are: give --category once for each of ${tokens.join(", ") || "no words"}, not ${categories.length} times.`,
    );
  }
  return conceptFromExchanged(held, await exchangeBase(model, changesFaces(held)), {
    categories: new Map(tokens.map((token, i) => [token, categories[i] ?? ""])),
    initialRow: (category) => rowOfCategory(model, category),
  });
}

async function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `"${file}" cannot be read.`, { cause });
  });
}

function size(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
