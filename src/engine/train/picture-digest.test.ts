/** @file A digest is the same for the same pictures, and another for any change that a person could see. */
import { expect, it } from "vitest";
import type { Planes } from "../../core/image/pixels.ts";
import { pictureDigest } from "./picture-digest.ts";

/** A picture of 8-bit values. */
function picture(width: number, height: number, values: readonly number[]): Planes {
  return { width, height, data: Float32Array.from(values, (x) => x / 127.5 - 1) };
}

const A = picture(1, 1, [0, 128, 255]);
const B = picture(2, 1, [0, 1, 2, 3, 4, 5]);
const digestOfBoth = await pictureDigest([A, B]);

it("is SHA-256 over a line a picture: its sizes and the SHA-256 of its bytes", () => {
  // Python: sha256("\n".join(f"{w} x {h} {sha256(bytes(b))}" for w, h, b in pictures).encode()), in hexadecimal
  expect(digestOfBoth).toBe("7157162fa042b026a0dbdcbec2ba8e048c476722caa5f4890a0a2fa6b4ab44e4");
});

it.each<[string, readonly Planes[]]>([
  ["none", []],
  ["fewer", [A]],
  ["more", [A, B, B]],
  ["in another order", [B, A]],
  ["of another shape", [A, { ...B, width: 1, height: 2 }]],
  ["one value lighter by one", [A, picture(2, 1, [0, 1, 2, 3, 4, 6])]],
  ["in one", [picture(3, 1, [0, 128, 255, 0, 1, 2, 3, 4, 5])]],
])("is another for other pictures: %s", async (_, pictures) => {
  expect(await pictureDigest(pictures)).not.toBe(digestOfBoth);
});

it("does not see less than half of an 8-bit step", async () => {
  const nudged = { ...B, data: B.data.map((x, i) => x + (i % 2 === 0 ? 0.4 : -0.4) / 127.5) };
  expect(await pictureDigest([A, nudged])).toBe(digestOfBoth);
});

it("knows every 8-bit value from the next", async () => {
  const digests = new Set<string>();
  for (let x = 0; x < 256; x++) digests.add(await pictureDigest([picture(1, 1, [x, 0, 0])]));
  expect(digests.size).toBe(256);
});
