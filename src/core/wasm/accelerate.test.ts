/** @file onnxruntime's files with faster functions: valid, and left alone where they are not those that are known. */
import { expect, it } from "vitest";
import { accelerate, PARTS } from "./accelerate.ts";
import { readWasm } from "../../../tests/support/wasm-functions.ts";
import { changeFunctions } from "./module.ts";
import type { Target } from "./target.ts";

const original = readWasm();

const OLD: Target = { relaxed: false, tall: false };

it.each([
  { file: "ort-wasm-simd-threaded.wasm", relaxed: false, parts: PARTS },
  { file: "ort-wasm-simd-threaded.wasm", relaxed: true, parts: PARTS },
  {
    file: "ort-wasm-simd-threaded.asyncify.wasm",
    relaxed: true,
    parts: ["products", "exponentials"],
  },
])(
  "changes $parts of $file (relaxed: $relaxed), and it stays valid",
  ({ file, relaxed, parts }) => {
    const changed = accelerate(readWasm(file), { relaxed, tall: relaxed });
    expect(changed.parts).toEqual(parts);
    expect(WebAssembly.validate(changed.bytes)).toBe(true);
  },
);

it("gives the same bytes with nothing to change", () => {
  expect(Buffer.compare(accelerate(original, { ...OLD, parts: [] }).bytes, original)).toBe(0);
});

it("changes each part for itself", () => {
  const sizes = PARTS.map((part) => accelerate(original, { ...OLD, parts: [part] }).bytes.length);
  const all = accelerate(original, OLD).bytes.length;
  const more = sizes.map((size) => size - original.length);
  expect(more.every((bytes) => bytes !== 0)).toBe(true);
  // Sizes before functions may take a byte more or less.
  expect(
    Math.abs(more.reduce((sum, bytes) => sum + bytes, 0) - (all - original.length)),
  ).toBeLessThan(8);
});

it("leaves a module without the functions alone", () => {
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
  ]);
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(accelerate(bytes, OLD).parts).toEqual([]);
  expect(
    Buffer.compare(
      changeFunctions(bytes, () => null),
      bytes,
    ),
  ).toBe(0);
});

it("refuses what is cut short", () => {
  for (const length of [0, 7, 9, 200, 20_000, original.length - 1]) {
    expect(() => accelerate(original.subarray(0, length), OLD)).toThrow(/cut short|damaged/);
  }
});
