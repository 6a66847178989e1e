/** @file Sentences about files of other tools: how a refusal is made, and how a name out of a file is quoted in it. */
import { StudioError } from "../errors.ts";

/** @param sentence what is wrong and what to do */
export function refusal(sentence: string, options?: ErrorOptions): StudioError {
  return new StudioError("invalid-input", sentence, options);
}

/** A file whose bytes are not what its format promises. */
export function damagedFile(reason: string): StudioError {
  return refusal(`This file is damaged: ${reason}; copy, download or save it again.`);
}

/** A name out of a file, which may be anything, as it can stand in a sentence. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}
