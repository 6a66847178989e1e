/** @file An opened file: named tensors, nested as PyTorch's dicts are, whichever container they came in. */
import { looksLikeBytes } from "../concept/foreign-file.ts";
import { readSafetensors, type Safetensors } from "../tensor/safetensors.ts";
import { isDict, kindOf, type PickleDict, type PickleValue } from "./pickle-values.ts";
import { damagedFile, quoted, refusal } from "./refuse.ts";
import { sourceOf, ValueReader } from "./source-tensor.ts";
import { isBarePickle, isZip, readTorchArchive } from "./torch-archive.ts";

export interface SourceFile {
  readonly name: string;
  readonly root: PickleDict;
  /** Of safetensors; a PyTorch file has none. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly reader: ValueReader;
}

/** @throws StudioError "invalid-input" where it is neither safetensors nor a PyTorch file, or damaged */
export function openSource(bytes: Uint8Array, name: string): SourceFile {
  const reader = new ValueReader(bytes.byteLength);
  if (isZip(bytes) || isBarePickle(bytes)) {
    const root = readTorchArchive(bytes);
    if (!isDict(root)) {
      throw refusal(
        `This PyTorch file holds ${kindOf(root)}, not named weights; choose a file of a Custom Diffusion, a LoRA or an embedding.`,
      );
    }
    return { name, root, metadata: new Map(), reader };
  }
  const { metadata, tensors } = openSafetensors(bytes);
  const root: PickleDict = new Map([...tensors].map(([key, entry]) => [key, sourceOf(entry)]));
  return { name, root, metadata, reader };
}

function openSafetensors(bytes: Uint8Array): Safetensors {
  try {
    return readSafetensors(bytes);
  } catch (cause) {
    const kind = looksLikeBytes(bytes);
    throw refusal(
      kind === null
        ? "This is neither a whole safetensors file nor a PyTorch file: it is damaged, cut short or something else; choose another, or copy it again."
        : `This looks like ${kind}; choose a .safetensors, .bin, .pt or .ckpt file.`,
      { cause },
    );
  }
}

/** The entries of a dictionary whose keys have to be names. */
export function named(dict: PickleDict): [name: string, value: PickleValue][] {
  return [...dict].map(([key, value]) => {
    if (typeof key !== "string") throw damagedFile(`a weight has ${kindOf(key)} as its name`);
    return [key, value];
  });
}

/** The entry `key` of a dictionary, which has to be a dictionary; an empty one where there is none. */
export function dictAt(dict: PickleDict, key: string): PickleDict {
  const value = dict.get(key) ?? new Map<never, never>();
  if (!isDict(value)) throw damagedFile(`${quoted(key)} is ${kindOf(value)}, not a dictionary`);
  return value;
}

/** The members of a JSON object out of a file's metadata; none where the text is something else. */
export function jsonMembers(text: string): ReadonlyMap<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    const members = typeof parsed === "object" && !Array.isArray(parsed) ? (parsed ?? {}) : {};
    return new Map(Object.entries(members));
  } catch {
    return new Map();
  }
}
