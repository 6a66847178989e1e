/**
 * @file The packed layout of all key and value projections: one matrix [E, S] whose columns are block 0's keys,
 * block 0's values, block 1's keys, ... so that all projections are one product K/V [B, L, S] = c [B, L, E] · W [E, S].
 */
import type { Constant } from "../onnx/constant.ts";
import { type ExternalReader, materialiseFloat32 } from "../onnx/materialise.ts";
import type { CrossAttention } from "./find-cross-attention.ts";

export interface KvColumns {
  readonly block: number;
  readonly role: "key" | "value";
  /** First column in the packed matrix. */
  readonly offset: number;
  readonly width: number;
  /** Frozen weights [E, width]. */
  readonly weight: Constant;
}

export interface KvLayout {
  /** Width E of the text features. */
  readonly textWidth: number;
  /** Total number of columns S. */
  readonly columns: number;
  readonly parts: readonly KvColumns[];
}

export function kvLayout(blocks: readonly CrossAttention[]): KvLayout {
  const parts: KvColumns[] = [];
  let offset = 0;
  blocks.forEach((attention, block) => {
    for (const role of ["key", "value"] as const) {
      const { weight, features } = attention[role];
      parts.push({ block, role, offset, width: features, weight });
      offset += features;
    }
  });
  return { textWidth: parts[0]!.weight.dims[0]!, columns: offset, parts };
}

/** The frozen weights, packed [E, S] in float32. */
export async function packedKvWeights(
  layout: KvLayout,
  read: ExternalReader,
): Promise<Float32Array> {
  const { textWidth, columns } = layout;
  const packed = new Float32Array(textWidth * columns);
  for (const { offset, width, weight } of layout.parts) {
    const values = await materialiseFloat32(weight, read);
    for (let e = 0; e < textWidth; e++) {
      packed.set(values.subarray(e * width, (e + 1) * width), e * columns + offset);
    }
  }
  return packed;
}
