/** @file The tiled product is right for every tile, every layout of its operands, every cut and every edge. */
import { afterAll, beforeAll, it } from "vitest";
import {
  expectWithin,
  floatsOf,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { normals } from "../../../../tests/support/seeded.ts";
import { BOUNDS } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import { defineMatmul, matmulDispatches, TILES } from "./index.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

/** The variants, and one that is like none of them. */
const ALL_TILES = [...TILES, { rows: 16, columns: 16, depth: 32 }];
const SHAPES = [
  // within one tile, exactly one, not a multiple, several
  { rows: 3, depth: 5, columns: 7 },
  { rows: 64, depth: 16, columns: 64 },
  { rows: 65, depth: 33, columns: 131 },
  { rows: 130, depth: 96, columns: 257 },
];

function source(leftAlong: boolean, rightAlong: boolean): string {
  const left = leftAlong ? "a[row * u.depth + k]" : "a[k * u.rows + row]";
  const right = rightAlong ? "b[column * u.depth + k]" : "b[k * u.columns + column]";
  return /* wgsl */ `
    fn left(row: u32, k: u32) -> f32 { return ${left}; }
    fn right(k: u32, column: u32) -> f32 { return ${right}; }
    fn put(split: u32, row: u32, column: u32, value: f32) {
      // One that was already there would show a second write.
      product[(split * u.rows + row) * u.columns + column] += value;
    }
  `;
}

const CASES = ALL_TILES.flatMap((tile) =>
  [true, false].flatMap((left) => [true, false].map((right) => ({ tile, left, right }))),
);

it.each(CASES)("tile $tile, left along K: $left, right along K: $right", async (variant) => {
  const { tile, left, right } = variant;
  const matmul = defineMatmul(
    {
      label: "product",
      source: source(left, right),
      bindings: {
        a: ["read", "array<f32>"],
        b: ["read", "array<f32>"],
        product: ["read_write", "array<f32>"],
      },
      uniforms: {},
      alongDepth: { left, right },
    },
    tile,
  );
  for (const shape of SHAPES) {
    const { rows, depth, columns } = shape;
    const a = normals(1, "a", rows * depth);
    const b = normals(1, "b", depth * columns);
    const A = (r: number, k: number): number => a[left ? r * depth + k : k * rows + r]!;
    const B = (k: number, c: number): number => b[right ? c * depth + k : k * columns + c]!;
    for (const splitDepth of [undefined, 32]) {
      const splits = splitDepth === undefined ? 1 : Math.ceil(depth / splitDepth);
      const buffers = {
        a: await storageOf(queue, a),
        b: await storageOf(queue, b),
        product: await storageOf(queue, splits * rows * columns),
      };
      // So little work a launch that every shape but the smallest takes several.
      const bounds = { ...BOUNDS, multiplyAdds: 5 * tile.rows * tile.columns * 16 };
      const dispatches = matmulDispatches(
        matmul,
        buffers,
        { ...shape, ...(splitDepth === undefined ? {} : { splitDepth }) },
        {},
        bounds,
      );
      await runKernels(queue, dispatches);
      const got = await floatsOf(queue, buffers.product, splits * rows * columns);
      const expected = new Float64Array(splits * rows * columns);
      for (let k = 0; k < depth; k++) {
        const split = Math.floor(k / (splitDepth ?? depth));
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < columns; c++) {
            expected[(split * rows + r) * columns + c]! += A(r, k) * B(k, c);
          }
        }
      }
      expectWithin(got, expected, matmul.kernel.tolerance, splitDepth ?? depth);
      for (const buffer of Object.values(buffers)) buffer.destroy();
    }
  }
});
