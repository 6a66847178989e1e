/** @file What a concept file says of itself in its metadata, checked; no model is needed to read it. */
import { StudioError } from "../errors.ts";
import { readSafetensors, type Safetensors } from "../tensor/safetensors.ts";
import { checkCategory, checkModifierTokens } from "../text/modifier-tokens.ts";
import { type Concept, type ModifierToken, TRAIN_MODES, type TrainMode } from "./concept.ts";
import { looksLikeBytes, looksLikeTensors } from "./foreign-file.ts";

export const CONCEPT_FORMAT = "custom-diffusion-studio.concept";
/** 1 has whole differences; 2 has factors of them. */
const VERSIONS = ["1", "2"] as const;
export type ConceptVersion = (typeof VERSIONS)[number];

/** A concept without its numbers. */
export interface ConceptHeader extends Pick<
  Concept,
  "baseModel" | "train" | "settings" | "metrics"
> {
  readonly tokens: readonly Pick<ModifierToken, "token" | "category">[];
}

export function writeHeader(header: ConceptHeader, version: ConceptVersion): Map<string, string> {
  checkTokens(header.train, header.tokens);
  const { baseModel, settings, metrics } = header;
  const tokens = header.tokens.map(({ token, category }) => ({ token, category }));
  return new Map([
    ["format", CONCEPT_FORMAT],
    ["version", version],
    ["base_model", JSON.stringify({ id: baseModel.id, fingerprint: baseModel.fingerprint })],
    ["tokens", JSON.stringify(tokens)],
    ["train", header.train],
    ["settings", JSON.stringify(settings)],
    ["metrics", JSON.stringify(metrics)],
  ]);
}

/** @throws StudioError "invalid-input" saying why this is no concept file that the studio reads */
export function readHeader(bytes: Uint8Array): {
  readonly version: ConceptVersion;
  readonly header: ConceptHeader;
  readonly tensors: Safetensors["tensors"];
} {
  const file = readFile(bytes);
  const { metadata, tensors } = file;
  if (metadata.get("format") !== CONCEPT_FORMAT) throw foreign(looksLikeTensors(file));
  const written = metadata.get("version");
  const version = VERSIONS.find((known) => known === written);
  if (version === undefined) {
    throw new StudioError(
      "invalid-input",
      `This concept file has version ${JSON.stringify(written ?? "")}, and this studio reads versions ${VERSIONS.join(" and ")}; update the studio, or save the concept with this one.`,
    );
  }
  const train = TRAIN_MODES.find((mode) => mode === metadata.get("train"));
  if (train === undefined) throw damaged("it does not say what was trained");
  const baseModel = json(metadata, "base_model");
  if (!isRecord(baseModel)) throw damaged("it does not name its base model");
  const { id, fingerprint } = baseModel;
  if (typeof id !== "string" || typeof fingerprint !== "string" || fingerprint === "") {
    throw damaged("it does not name its base model");
  }
  const tokens = json(metadata, "tokens");
  if (!Array.isArray(tokens) || !tokens.every(isNamed)) {
    throw damaged("its modifier tokens are not a list of tokens and categories");
  }
  checkTokens(train, tokens);
  const settings = json(metadata, "settings");
  const metrics = json(metadata, "metrics");
  if (!isRecord(settings) || !isRecord(metrics)) {
    throw damaged("its settings and metrics are not objects");
  }
  const named = tokens.map(({ token, category }) => ({ token, category }));
  const header = { baseModel: { id, fingerprint }, train, tokens: named, settings, metrics };
  return { version, header, tensors };
}

export function damaged(reason: string): StudioError {
  return new StudioError(
    "invalid-input",
    `This concept file is damaged: ${reason}; copy or export it again.`,
  );
}

function readFile(bytes: Uint8Array): Safetensors {
  try {
    return readSafetensors(bytes);
  } catch (cause) {
    const kind = looksLikeBytes(bytes);
    if (kind !== null) throw foreign(kind);
    throw new StudioError(
      "invalid-input",
      "This is not a whole concept file: it is damaged, cut short or something else; choose a .concept.safetensors file, or copy it again.",
      { cause },
    );
  }
}

function foreign(kind: string | null): StudioError {
  const looks = kind === null ? "it is another kind of safetensors file" : `it looks like ${kind}`;
  return new StudioError(
    "invalid-input",
    `This is not a concept file: ${looks}; choose a .concept.safetensors file that the studio wrote.`,
  );
}

function checkTokens(train: TrainMode, tokens: ConceptHeader["tokens"]): void {
  checkModifierTokens(tokens.map(({ token }) => token));
  for (const { category } of tokens) checkCategory(null, category);
  if (tokens.length === 0 && train !== "kv") {
    throw new StudioError(
      "invalid-input",
      `A concept trained as "${train}" needs at least one modifier token, like <new1>.`,
    );
  }
}

function json(metadata: ReadonlyMap<string, string>, key: string): unknown {
  try {
    return JSON.parse(metadata.get(key) ?? "");
  } catch {
    throw damaged(`its ${key} is not JSON`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNamed(value: unknown): value is { token: string; category: string } {
  return (
    isRecord(value) && typeof value["token"] === "string" && typeof value["category"] === "string"
  );
}
