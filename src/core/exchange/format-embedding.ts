/** @file Textual inversion: files of token rows only, as diffusers and web UIs keep them. */
import { float32Entry } from "../tensor/safetensors-values.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import type { Exchanged } from "./exchanged.ts";
import type { PickleValue } from "./pickle-values.ts";
import { readRow } from "./read-weights.ts";
import { refusal } from "./refuse.ts";
import { dictAt, named, type SourceFile } from "./source-file.ts";
import { isTensor } from "./source-tensor.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { torchTensor } from "./write-weights.ts";

/** A web UI's safetensors has one tensor of this name; its token is the file's name. */
const WEBUI_TENSOR = "emb_params";
/** A web UI's .pt: {'string_to_param': {'*': rows}, 'name': …, 'step': …}. */
const WEBUI_DICT = "string_to_param";

/** Whether a file holds token rows and nothing else. */
export function isEmbedding({ root }: SourceFile): boolean {
  if (root.has(WEBUI_TENSOR) || root.has(WEBUI_DICT)) return true;
  const entries = [...root];
  if (entries.length === 0 || !entries.every(([, value]) => isTensor(value))) return false;
  return entries.length === 1 || entries.every(([key]) => /^<[^<>]+>$/.test(String(key)));
}

export function readEmbedding(file: SourceFile): Exchanged {
  const rows = rowsOf(file).map(([name, value]) => {
    const token = tokenOf(name);
    return [token, readRow(file.reader, token, value)] as const;
  });
  return { format: "textual-inversion", weights: new Map(), tokens: new Map(rows) };
}

/** Tokens in a file of their own: {token: [E]}. */
export function writeEmbeddingSafetensors(
  tokens: ReadonlyMap<string, Float32Array>,
): Uint8Array<ArrayBuffer> {
  const entries = [...tokens].map(
    ([token, row]) => [token, float32Entry([row.length], row)] as const,
  );
  return writeSafetensors(new Map(entries), new Map([["format", "pt"]]));
}

/** The same for torch.load. */
export function writeEmbeddingBin(
  tokens: ReadonlyMap<string, Float32Array>,
): Uint8Array<ArrayBuffer> {
  const entries = [...tokens].map(
    ([token, row]) => [token, torchTensor([row.length], row)] as const,
  );
  return writeTorchArchive(new Map(entries));
}

function rowsOf({ root, name }: SourceFile): (readonly [name: string, value: PickleValue])[] {
  const single = root.get(WEBUI_TENSOR);
  if (single !== undefined) return [[stem(name), single]];
  if (!root.has(WEBUI_DICT)) {
    return named(root).map(([key, value]) => [key === "*" ? stem(name) : key, value]);
  }
  const values = [...dictAt(root, WEBUI_DICT).values()];
  if (values.length !== 1) {
    throw refusal(
      `This embedding has ${values.length} entries, where one was expected; choose another file.`,
    );
  }
  const given = root.get("name");
  return [[typeof given === "string" && given !== "" ? given : stem(name), values[0]!]];
}

/** A web UI's tokens are bare words; the studio's stand in angle brackets. */
function tokenOf(name: string): string {
  if (/^<[^\s<>]+>$/u.test(name)) return name;
  return `<${name.replaceAll(/[\s<>\p{Cc}\p{Cs}]+/gu, "-").slice(0, 60)}>`;
}

function stem(fileName: string): string {
  return fileName.replace(/^.*[/\\]/u, "").replace(/\.(?:safetensors|bin|pt|pth|ckpt)$/iu, "");
}
