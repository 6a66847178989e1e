/** @file Described constants become the bytes they describe, and missing data files are named. */
import { describe, expect, it } from "vitest";
import { fromBytes } from "../tensor/nd-array.ts";
import {
  castConstant,
  type Constant,
  constantOf,
  flipConvConstant,
  joinConstants,
  panelsConstant,
  reshapeConstant,
  transposeConstant,
} from "./constant.ts";
import { materialise, noExternalData, readerOf } from "./materialise.ts";

async function numbers(constant: Constant): Promise<number[]> {
  const bytes = await materialise(constant, noExternalData);
  return [...fromBytes(constant.dtype, constant.dims, bytes).data];
}

describe("transforms", () => {
  const matrix = constantOf("float32", [2, 3], [1, 2, 3, 4, 5, 6]);

  it("transposes", async () => {
    const transposed = transposeConstant(matrix, [1, 0]);
    expect(transposed.dims).toEqual([3, 2]);
    expect(await numbers(transposed)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("transposes four axes of any element size", async () => {
    const values = Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => i);
    for (const dtype of ["uint8", "float16", "float32", "float64"] as const) {
      const moved = transposeConstant(constantOf(dtype, [2, 3, 4, 5], values), [3, 0, 2, 1]);
      const expected = [];
      for (let d = 0; d < 5; d++)
        for (let a = 0; a < 2; a++)
          for (let c = 0; c < 4; c++)
            for (let b = 0; b < 3; b++) expected.push(((a * 3 + b) * 4 + c) * 5 + d);
      expect(await numbers(moved)).toEqual(expected);
    }
  });

  it("flips convolution weights: channels swapped, both axes reversed", async () => {
    // [O=2, I=1, 2, 3]
    const weights = constantOf("float32", [2, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const flipped = flipConvConstant(weights);
    expect(flipped.dims).toEqual([1, 2, 2, 3]);
    expect(await numbers(flipped)).toEqual([6, 5, 4, 3, 2, 1, 12, 11, 10, 9, 8, 7]);
  });

  it("casts half precision exactly, and through other transforms", async () => {
    const half = constantOf("float16", [2, 2], [0.5, -1.25, 65504, 6e-8]);
    const wide = transposeConstant(castConstant(half, "float32"), [1, 0]);
    expect(await numbers(wide)).toEqual([0.5, 65504, -1.25, 2 ** -24]);
  });

  it("reshapes without touching the data", async () => {
    const flat = reshapeConstant(transposeConstant(matrix, [1, 0]), [6]);
    expect(await numbers(flat)).toEqual([1, 4, 2, 5, 3, 6]);
    expect(() => reshapeConstant(matrix, [5])).toThrow("[2, 3] cannot be read as [5]");
  });

  it("transposes twice as once, or not at all", async () => {
    expect(transposeConstant(transposeConstant(matrix, [1, 0]), [1, 0])).toBe(matrix);
    const values = Array.from({ length: 24 }, (_, i) => i);
    const once = transposeConstant(constantOf("float32", [2, 3, 4], values), [2, 0, 1]);
    const twice = transposeConstant(once, [0, 2, 1]);
    const expected = [];
    for (let c = 0; c < 4; c++)
      for (let b = 0; b < 3; b++) for (let a = 0; a < 2; a++) expected.push((a * 3 + b) * 4 + c);
    expect(twice.dims).toEqual([4, 3, 2]);
    expect(await numbers(twice)).toEqual(expected);
  });

  it("puts eight columns of a matrix side by side", async () => {
    const values = Array.from({ length: 3 * 16 }, (_, i) => i);
    const panels = panelsConstant(constantOf("float32", [3, 16], values));
    const expected = [];
    for (const first of [0, 8])
      for (let row = 0; row < 3; row++)
        for (let i = 0; i < 8; i++) expected.push(row * 16 + first + i);
    expect(panels.dims).toEqual([2, 3, 8]);
    expect(await numbers(panels)).toEqual(expected);
  });

  it("joins constants of any kind along the first axis", async () => {
    const fill: Constant = { dtype: "float32", dims: [1, 2], data: { kind: "fill", value: 9 } };
    const joined = joinConstants([transposeConstant(matrix, [1, 0]), fill]);
    expect(joined.dims).toEqual([4, 2]);
    expect(await numbers(joined)).toEqual([1, 4, 2, 5, 3, 6, 9, 9]);
    expect(() => joinConstants([matrix, fill])).toThrow("cannot be put one after the other");
    const half = castConstant(matrix, "float16");
    expect(() => joinConstants([matrix, half])).toThrow("cannot be put one after the other");
  });

  it("fills", async () => {
    const fill: Constant = { dtype: "float32", dims: [3], data: { kind: "fill", value: 0.25 } };
    expect(await numbers(fill)).toEqual([0.25, 0.25, 0.25]);
  });
});

describe("external data", () => {
  const constant: Constant = {
    dtype: "float32",
    dims: [2],
    data: { kind: "external", location: "weights.bin", offset: 4, length: 8 },
  };
  const file = new Uint8Array(Float32Array.of(9, 1, 2).buffer);

  it("is read by reference: a view of the file, not a copy", async () => {
    const bytes = await materialise(constant, readerOf(new Map([["weights.bin", file]])));
    expect(bytes.buffer).toBe(file.buffer);
    expect([...fromBytes("float32", [2], bytes).data]).toEqual([1, 2]);
  });

  it("that is missing is named", async () => {
    await expect(materialise(constant, noExternalData)).rejects.toMatchObject({
      code: "model-external-data-missing",
      message: expect.stringContaining('"weights.bin", which is not beside it') as string,
    });
  });

  it("that is too short is named", async () => {
    const short = readerOf(new Map([["weights.bin", file.subarray(0, 8)]]));
    await expect(materialise(constant, short)).rejects.toThrow('"weights.bin", which is cut short');
  });
});
