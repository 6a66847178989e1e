/** @file Names a list of pictures by what is in them, so that a run resumes on the pictures it began with. */
import type { Planes } from "../../core/image/pixels.ts";

/** SHA-256 in hexadecimal over sizes and 8-bit values, in order. */
export async function pictureDigest(pictures: readonly Planes[]): Promise<string> {
  let digest = new Uint8Array(32);
  for (const { width, height, data } of pictures) {
    const bytes = new Uint8Array(digest.byteLength + 8 + data.length);
    bytes.set(digest);
    const view = new DataView(bytes.buffer);
    view.setUint32(digest.byteLength, width, true);
    view.setUint32(digest.byteLength + 4, height, true);
    const start = digest.byteLength + 8;
    data.forEach((x, i) => (bytes[start + i] = Math.round((x + 1) * 127.5)));
    digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  }
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
