/** @file The tiled product is right in every variant, for every layout of its operands, every cut and every edge. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectWithin,
  floatsOf,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { asHalf, normals } from "../../../../tests/support/seeded.ts";
import { runsOn, type Tolerance } from "../define-kernel.ts";
import { BOUNDS } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import { defineMatmul, type Matmul, matmulDispatches, type MatmulShape } from "./index.ts";
import { TILES, USUAL, type Variant } from "./variant.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

/** Those of the variants, and one that is like none of them. */
const ALL_TILES = [...TILES, { rows: 16, columns: 16, depth: 32 }];
const ANY_SHAPES = [
  // within one tile, exactly one, not a multiple, several
  { rows: 3, depth: 5, columns: 7 },
  { rows: 64, depth: 16, columns: 64 },
  { rows: 65, depth: 33, columns: 131 },
  { rows: 130, depth: 96, columns: 257 },
];
/** The same in fours, in as many ways as layouts allow. */
const SHAPES = [
  ...ANY_SHAPES,
  { rows: 4, depth: 8, columns: 12 },
  { rows: 65, depth: 36, columns: 132 },
  { rows: 68, depth: 33, columns: 132 },
  { rows: 132, depth: 96, columns: 260 },
];

type Layout = Record<"left" | "right", boolean>;
type Product = Matmul<"a" | "b" | "product", never>;

function source({ left: leftAlong, right: rightAlong }: Layout): string {
  const left = leftAlong ? "row * u.depth + k" : "k * u.rows + row";
  const right = rightAlong ? "column * u.depth + k" : "k * u.columns + column";
  return /* wgsl */ `
    fn left(row: u32, k: u32) -> Element { return a[(${left}) / LANES]; }
    fn right(k: u32, column: u32) -> Element { return b[(${right}) / LANES]; }
    fn put(split: u32, row: u32, column: u32, value: Element) {
      // One that was already there would show a second write.
      product[((split * u.rows + row) * u.columns + column) / LANES] += value;
    }
  `;
}

function productOf(variant: Variant, alongDepth: Layout): Product {
  return defineMatmul(
    {
      label: "product",
      source: source(alongDepth),
      bindings: {
        a: ["read", "array<Element>"],
        b: ["read", "array<Element>"],
        product: ["read_write", "array<Element>"],
      },
      uniforms: {},
      alongDepth,
    },
    variant,
  );
}

function fits(shape: MatmulShape, { lanes }: Variant, { left, right }: Layout): boolean {
  const { rows, depth, columns } = shape;
  return [left ? depth : rows, right ? depth : columns, columns].every((n) => n % lanes === 0);
}

/** What the matrices are: numbers of variance 1, or the float16 next to each. */
type Numbers = (name: string, count: number) => Float32Array;
const usualNumbers: Numbers = (name, count) => normals(1, name, count);

/** Holds the product to plain loops, and gives it. */
async function check(
  matmul: Product,
  shape: MatmulShape,
  tolerance: Tolerance,
  numbers = usualNumbers,
): Promise<Float32Array> {
  const { rows, depth, columns, splitDepth = depth } = shape;
  const { left, right } = matmul.alongDepth;
  const a = numbers("a", rows * depth);
  const b = numbers("b", depth * columns);
  const A = (r: number, k: number): number => a[left ? r * depth + k : k * rows + r]!;
  const B = (k: number, c: number): number => b[right ? c * depth + k : k * columns + c]!;
  const length = Math.ceil(depth / splitDepth) * rows * columns;
  const buffers = {
    a: await storageOf(queue, a),
    b: await storageOf(queue, b),
    product: await storageOf(queue, length),
  };
  // So little work a launch that every shape but the smallest takes several.
  const bounds = { ...BOUNDS, multiplyAdds: 5 * matmul.variant.rows * matmul.variant.columns * 16 };
  await runKernels(queue, matmulDispatches(matmul, buffers, shape, {}, bounds));
  const got = await floatsOf(queue, buffers.product, length);
  const expected = new Float64Array(length);
  for (let k = 0; k < depth; k++) {
    const split = Math.floor(k / splitDepth);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        expected[(split * rows + r) * columns + c]! += A(r, k) * B(k, c);
      }
    }
  }
  expectWithin(got, expected, tolerance, splitDepth);
  for (const buffer of Object.values(buffers)) buffer.destroy();
  return got;
}

const LAYOUTS: readonly Layout[] = [true, false].flatMap((left) =>
  [true, false].map((right) => ({ left, right })),
);
const CASES = ALL_TILES.flatMap((tile) => LAYOUTS.map((layout) => ({ ...tile, ...layout })));

describe.each([1, 4] as const)("%d numbers at a time", (lanes) => {
  it.each(CASES)(
    "$rows x $columns x $depth, left along K: $left, right along K: $right",
    async ({ left, right, ...tile }) => {
      const variant = { ...tile, lanes, half: false };
      const matmul = productOf(variant, { left, right });
      const shapes = lanes === 1 ? ANY_SHAPES : SHAPES;
      for (const shape of shapes.filter((shape) => fits(shape, variant, { left, right }))) {
        await check(matmul, shape, matmul.kernel.tolerance);
        await check(matmul, { ...shape, splitDepth: 32 }, matmul.kernel.tolerance);
      }
    },
  );
});

it("every variant with float32 operands gives the same to the last bit", async () => {
  for (const layout of LAYOUTS) {
    const results: Float32Array[] = [];
    for (const tile of ALL_TILES) {
      for (const lanes of [1, 4] as const) {
        const matmul = productOf({ ...tile, lanes, half: false }, layout);
        const shape = { rows: 68, depth: 96, columns: 132 };
        results.push(await check(matmul, shape, matmul.kernel.tolerance));
      }
    }
    for (const result of results) expect(result).toEqual(results[0]);
  }
});

it("four numbers at a time are refused where a row of a matrix is no multiple of 4", async () => {
  const variant = { ...USUAL, lanes: 4 } as const;
  const [a, b, product] = [
    await storageOf(queue, 4),
    await storageOf(queue, 4),
    await storageOf(queue, 4),
  ];
  for (const layout of LAYOUTS) {
    const matmul = productOf(variant, layout);
    for (const shape of SHAPES) {
      const launch = () => matmulDispatches(matmul, { a, b, product }, shape, {});
      if (fits(shape, variant, layout)) launch();
      else expect(launch).toThrow(/cannot be read four numbers at a time/);
    }
  }
});

describe("operands rounded to float16", () => {
  const kinds = [1, 4].flatMap((lanes) => LAYOUTS.map((layout) => ({ lanes, ...layout })));

  it.each(kinds)("$lanes at a time, left along K: $left, right: $right", async (kind) => {
    const { lanes, ...layout } = kind as Layout & { readonly lanes: 1 | 4 };
    for (const tile of ALL_TILES) {
      const variant = { ...tile, lanes, half: true };
      const matmul = productOf(variant, layout);
      if (!runsOn(queue.device, [matmul.kernel])) {
        console.info("NOT COMPUTED: this adapter lacks shader-f16, and refuses the kernel.");
        await expect(queue.prepare([matmul.kernel])).rejects.toThrow(/"product" did not compile/);
        return;
      }
      const exact = productOf({ ...variant, half: false }, layout).kernel.tolerance;
      for (const shape of SHAPES.filter((shape) => fits(shape, variant, layout))) {
        // What is float16 already loses nothing, whichever way a GPU rounds.
        await check(matmul, shape, exact, (name, count) => asHalf(usualNumbers(name, count)));
        await check(matmul, { ...shape, splitDepth: 32 }, matmul.kernel.tolerance);
      }
    }
  });
});
