/** @file A fingerprint is a model's, whatever precision its files are in, and no other model's. */
import { expect, it } from "vitest";
import { normals } from "../../../tests/support/seeded.ts";
import { narrowToHalf, widenHalf } from "../../core/tensor/half.ts";
import { fingerprintOf } from "./fingerprint.ts";

const SHAPE = { textWidth: 16, columns: 24 };
const WEIGHTS = normals(4, "weights", SHAPE.textWidth * SHAPE.columns);
const FINGERPRINT = await fingerprintOf(WEIGHTS, SHAPE);

it("is SHA-256 of both dimensions and the weights in half precision, little-endian", async () => {
  // Python: hashlib.sha256(struct.pack("<II4e", 2, 2, 0.5, -1.5, 65504.0, 6e-8)).hexdigest()
  const weights = Float32Array.of(0.5, -1.5, 65504, 6e-8);
  expect(await fingerprintOf(weights, { textWidth: 2, columns: 2 })).toBe(
    "97da1f0dadb96133a13e619187d8f061e3c60d3f40e8ef6a64da1e7f9d2c23ce",
  );
});

it("is the same for a file that keeps the weights in float16", async () => {
  const stored = widenHalf(narrowToHalf(WEIGHTS));
  expect(stored).not.toEqual(WEIGHTS);
  expect(await fingerprintOf(stored, SHAPE)).toBe(FINGERPRINT);
});

it("is another where any one weight differs", async () => {
  const seen = new Set([FINGERPRINT]);
  for (let i = 0; i < WEIGHTS.length; i += 7) {
    const changed = WEIGHTS.slice();
    // A step of float16, which has 11 bits.
    changed[i]! *= 1 + 2 ** -10;
    seen.add(await fingerprintOf(changed, SHAPE));
  }
  expect(seen.size).toBe(1 + Math.ceil(WEIGHTS.length / 7));
});

it("is another for the same numbers in another shape", async () => {
  expect(await fingerprintOf(WEIGHTS, { textWidth: 24, columns: 16 })).not.toBe(FINGERPRINT);
});
