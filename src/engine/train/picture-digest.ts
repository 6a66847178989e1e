/** @file Names a list of pictures by what is in them, so that a run resumes on the pictures it began with. */
import type { Planes } from "../../core/image/pixels.ts";
import { sha256 } from "../../hub/sha256.ts";

/** SHA-256 in hexadecimal over the sizes and 8-bit values of each picture, in order. */
export async function pictureDigest(pictures: readonly Planes[]): Promise<string> {
  const digests: string[] = [];
  for (const { width, height, data } of pictures) {
    const bytes = Uint8Array.from(data, (x) => Math.round((x + 1) * 127.5));
    digests.push(`${width} x ${height} ${await sha256(bytes)}`);
  }
  return sha256(new TextEncoder().encode(digests.join("\n")));
}
