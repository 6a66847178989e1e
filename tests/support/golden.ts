/** @file The committed PyTorch references under tests/reference, as numbers. */
import { fromBytes, type NdArray } from "../../src/core/tensor/nd-array.ts";
import { readSafetensors } from "../../src/core/tensor/safetensors.ts";
import { readFixture } from "./fixture.ts";

export interface Golden {
  /** A tensor by name; throws where the file has none. */
  get(name: string): NdArray;
  readonly names: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
}

export async function readGolden(name: string): Promise<Golden> {
  const file = readSafetensors(await readFixture(`tests/reference/${name}.safetensors`));
  return {
    metadata: file.metadata,
    names: [...file.tensors.keys()],
    get(tensor) {
      const entry = file.tensors.get(tensor);
      if (entry === undefined) throw new Error(`tests/reference/${name} has no tensor "${tensor}"`);
      return fromBytes(entry.dtype, entry.dims, entry.bytes);
    },
  };
}
