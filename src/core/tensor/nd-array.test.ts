/** @file Numbers to bytes and back in every element type, at the ends of their ranges. */
import { describe, expect, it } from "vitest";
import type { DType } from "./dtype.ts";
import { fromBytes, ndArray, toBytes } from "./nd-array.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const roundTrip = (dtype: DType, values: readonly number[]): number[] => {
  const array = ndArray(dtype, [values.length], values);
  return [...fromBytes(dtype, [values.length], toBytes(array)).data];
};

describe("round trip", () => {
  it.each<[DType, number[]]>([
    ["float16", [0, -0, 1.5, 65504, 2 ** -24, -Infinity, NaN]],
    ["bfloat16", [0, -0, 1.5, -3 * 2 ** 100, 2 ** -133, Infinity, NaN]],
    ["float32", [0, -0, Math.fround(0.1), 2 ** -149, 3.4028234663852886e38, -Infinity, NaN]],
    ["float64", [0, -0, 0.1, Number.MIN_VALUE, Number.MAX_VALUE, Infinity, NaN]],
    ["int8", [0, -128, 127]],
    ["uint8", [0, 255]],
    ["int16", [0, -32768, 32767]],
    ["uint16", [0, 65535]],
    ["int32", [0, -(2 ** 31), 2 ** 31 - 1]],
    ["uint32", [0, 2 ** 32 - 1]],
    ["int64", [0, -1, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, -(2 ** 63), 2 ** 63]],
    ["uint64", [0, Number.MAX_SAFE_INTEGER, 2 ** 63]],
    ["bool", [0, 1]],
  ])("%s %j", (dtype, values) => {
    expect(roundTrip(dtype, values)).toEqual(values);
  });
});

describe("bytes", () => {
  it.each<[DType, number[], string]>([
    ["float16", [1, -2], "003c00c0"],
    ["bfloat16", [1, -2], "803f00c0"],
    ["float32", [1], "0000803f"],
    ["float64", [-2], "00000000000000c0"],
    ["int16", [-2, 258], "feff0201"],
    ["int32", [-2], "feffffff"],
    ["int64", [-2, 2 ** 40], "feffffffffffffff0000000000010000"],
    ["bool", [0, 2], "0001"],
  ])("%s %j are little-endian %s", (dtype, values, expected) => {
    expect(hex(toBytes(ndArray(dtype, [values.length], values)))).toBe(expected);
  });

  it("writes the int64 extremes, which no number holds, as the extremes", () => {
    const max = "ffffffffffffff7f";
    const min = "0000000000000080";
    const bytes = Uint8Array.from(Buffer.from(max + min, "hex"));
    const read = fromBytes("int64", [2], bytes);
    expect([...read.data]).toEqual([2 ** 63, -(2 ** 63)]);
    expect(hex(toBytes(read))).toBe(max + min);
    expect(hex(toBytes(ndArray("int64", [2], [1e30, -1e30])))).toBe(max + min);
  });

  it("rounds to the element type: floats to nearest even, integers towards zero", () => {
    expect(roundTrip("float16", [0.1, 1 + 2 ** -11])).toEqual([0.0999755859375, 1]);
    expect(roundTrip("bfloat16", [1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20])).toEqual([
      1,
      1 + 2 ** -6,
      1 + 2 ** -7,
    ]);
    expect(roundTrip("float32", [0.1])).toEqual([Math.fround(0.1)]);
    expect(roundTrip("int64", [2.9, -2.9])).toEqual([2, -2]);
    expect(roundTrip("int32", [2.9, -2.9])).toEqual([2, -2]);
  });

  it("reads from an odd offset", () => {
    const shifted = new Uint8Array(9);
    shifted.set(toBytes(ndArray("float64", [1], [0.1])), 1);
    expect([...fromBytes("float64", [], shifted.subarray(1)).data]).toEqual([0.1]);
  });

  it("refuses lengths that do not fit", () => {
    expect(() => fromBytes("int32", [2], new Uint8Array(7))).toThrow(
      "7 bytes do not fill a int32 tensor of shape [2]",
    );
    expect(() => ndArray("int32", [2, 2], [1, 2, 3])).toThrow(
      "3 values do not fill a tensor of shape [2, 2]",
    );
  });
});
