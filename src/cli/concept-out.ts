/** @file `--out` of commands that write a concept file. */
import { StudioError } from "../core/errors.ts";

/** @throws StudioError "invalid-input" where the name is not that of a concept file */
export function checkConceptOut(out: string): void {
  if (out.endsWith(".safetensors")) return;
  throw new StudioError(
    "invalid-input",
    `--out should end in .concept.safetensors, not "${out}": that is what a concept file is.`,
  );
}
