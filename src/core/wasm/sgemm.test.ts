/** @file MLAS's two functions taken out of onnxruntime's file and run alone: as they came, and with our code in front. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { beforeAll, describe, expect, it } from "vitest";
import { hasRelaxedSimd } from "../../engine/ort/relaxed-simd.ts";
import { leb } from "./leb128.ts";
import { changeFunctions } from "./module.ts";
import { accelerateSgemm } from "./sgemm.ts";

const FILES = ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.asyncify.wasm"];
const TYPE = [9, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7d, 1, 0x7f];
const A_AT = 0;
const B_AT = 0x4000;
const C_AT = 0x10000;
const UNTOUCHED = 7.5;

type Kernel = (...parameters: number[]) => number;

let original: Uint8Array;

beforeAll(() => {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  original = readWasm(FILES[0]!);
});

function readWasm(name: string): Uint8Array {
  return readFileSync(fileURLToPath(import.meta.resolve(`onnxruntime-web/${name}`)));
}

/** The functions that are not the same in both files, in order: as they are in the first, or in the second. */
function kernels(changed: Uint8Array, which: "before" | "after"): Kernel[] {
  const [before, after] = [bodies(original), bodies(changed)];
  const both = before.flatMap((body, i) => (Buffer.compare(body, after[i]!) === 0 ? [] : [i]));
  return both.map((i) => isolated((which === "before" ? before : after)[i]!));
}

function bodies(module: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  changeFunctions(module, ({ body }) => {
    found.push(body);
    return null;
  });
  return found;
}

const memory = new WebAssembly.Memory({ initial: 8 });

function isolated(body: Uint8Array): Kernel {
  const section = (id: number, content: readonly number[]): number[] => [
    id,
    ...leb(content.length),
    ...content,
  ];
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, ...TYPE]),
    // Import of a memory m.m of at least one page.
    ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { m: memory } });
  return exports["f"] as Kernel;
}

/** C as MLAS would have it: the function is called until all rows are done. */
function product(kernel: Kernel, [m, n, k]: readonly [number, number, number], alpha: number) {
  const [lda, ldc] = [k + 3, n + 5];
  const floats = new Float32Array(memory.buffer);
  floats.fill(UNTOUCHED);
  const a = floats.subarray(A_AT / 4, A_AT / 4 + m * lda);
  a.forEach((_, i) => (a[i] = Math.sin(i)));
  // Panels of 16 columns, the last filled up with zeros.
  const panels = Math.ceil(n / 16);
  const b = floats.subarray(B_AT / 4, B_AT / 4 + panels * k * 16);
  b.forEach((_, i) => {
    const column = Math.floor(i / (k * 16)) * 16 + (i % 16);
    b[i] = column < n ? Math.cos(3 * i) : 0;
  });
  const c = floats.subarray(C_AT / 4, C_AT / 4 + m * ldc);
  for (let row = 0; row < m;) {
    const at = C_AT + 4 * row * ldc;
    row += kernel(A_AT + 4 * row * lda, B_AT, at, k, m - row, n, lda, ldc, alpha);
  }
  const expected = Float64Array.from({ length: m * ldc }, (_, i) => {
    const [row, column] = [Math.floor(i / ldc), i % ldc];
    if (column >= n) return UNTOUCHED;
    let sum = 0;
    for (let j = 0; j < k; j++) {
      sum += a[row * lda + j]! * b[Math.floor(column / 16) * k * 16 + j * 16 + (column % 16)]!;
    }
    return alpha * sum;
  });
  return { c: Float32Array.from(c), expected, ldc };
}

const ROWS = [1, 2, 3, 4, 5, 6, 9];
const COLUMNS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 24, 31, 32, 40, 48];
const DEPTHS = [0, 1, 2, 3, 8, 77];

describe.each([
  { mode: "multiply and add", relaxed: false },
  { mode: "relaxed multiply-add", relaxed: true },
])("$mode", ({ relaxed }) => {
  it("changes two functions of onnxruntime's file, and the file stays valid", () => {
    for (const file of FILES) {
      const changed = accelerateSgemm(readWasm(file), { relaxed });
      expect(changed).not.toBeNull();
      expect(WebAssembly.validate(changed!)).toBe(true);
    }
    expect(kernels(accelerateSgemm(original, { relaxed })!, "after")).toHaveLength(2);
  });

  it("gives the product, and writes nowhere else", () => {
    const changed = accelerateSgemm(original, { relaxed })!;
    const [before, after] = [kernels(changed, "before"), kernels(changed, "after")];
    for (const [index, kernel] of after.entries()) {
      for (const m of ROWS) {
        for (const n of COLUMNS) {
          for (const k of DEPTHS) {
            const alpha = n % 2 === 0 ? 1 : -0.75;
            const ours = product(kernel, [m, n, k], alpha);
            const theirs = product(before[index]!, [m, n, k], alpha);
            const adds = Math.abs(ours.c[0]! - ours.expected[0]! - UNTOUCHED) < 1e-3;
            const label = `${m} x ${n} x ${k}, function ${index}`;
            ours.c.forEach((value, i) => {
              const inside = i % ours.ldc < n;
              const wanted = ours.expected[i]! + (adds && inside ? UNTOUCHED : 0);
              // Sums of k products below 1 and of what was there, in float32, in whatever order.
              const near = inside ? (k + 2) * 2 ** -21 : 0;
              expect(Math.abs(value - wanted), label).toBeLessThanOrEqual(near);
              expect(Math.abs(value - theirs.c[i]!), label).toBeLessThanOrEqual(near);
            });
          }
        }
      }
    }
  });
});

it("leaves a module without the two functions alone", () => {
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
  ]);
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(accelerateSgemm(bytes, { relaxed: false })).toBeNull();
  expect(
    Buffer.compare(
      changeFunctions(bytes, () => null),
      bytes,
    ),
  ).toBe(0);
});

it("refuses what is cut short", () => {
  for (const length of [0, 7, 9, 200, 20_000, original.length - 1]) {
    expect(() => accelerateSgemm(original.subarray(0, length), { relaxed: false })).toThrow(
      /cut short|damaged/,
    );
  }
});
