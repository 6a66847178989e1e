/** @file Names a base model by the weights that concepts change, whatever precision or exporter its files are from. */
import type { KvLayout } from "../../core/surgery/kv-layout.ts";
import { narrowToHalf } from "../../core/tensor/half.ts";
import { sha256 } from "../../hub/sha256.ts";

/**
 * SHA-256, in hexadecimal, of the packed key and value weights [E, S] in half precision, after their two dimensions:
 * the same for float32 and float16 exports of one model.
 */
export function fingerprintOf(
  packed: Float32Array,
  { textWidth, columns }: Pick<KvLayout, "textWidth" | "columns">,
): Promise<string> {
  const half = narrowToHalf(packed);
  const bytes = new Uint8Array(8 + half.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, textWidth, true);
  view.setUint32(4, columns, true);
  half.forEach((bits, i) => view.setUint16(8 + 2 * i, bits, true));
  return sha256(bytes);
}
