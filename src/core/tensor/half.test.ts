/** @file Half precision: every pattern there and back, and rounding at every boundary that two patterns make. */
import { describe, expect, it } from "vitest";
import { halfToNumber, narrowToHalf, numberToHalf, widenHalf } from "./half.ts";

const ALL = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const isNaNPattern = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;

describe("half precision", () => {
  it("gives every pattern back, and a NaN for every NaN", () => {
    const wrong = ALL.filter((bits) => {
      const back = numberToHalf(halfToNumber(bits));
      return isNaNPattern(bits) ? !isNaNPattern(back) : back !== bits;
    });
    expect([...wrong]).toEqual([]);
  });

  it("widens whole arrays to what each pattern stands for, and narrows them back", () => {
    const wide = widenHalf(ALL);
    const wrong = ALL.filter((bits) => !Object.is(wide[bits], halfToNumber(bits)));
    expect([...wrong]).toEqual([]);
    const back = narrowToHalf(wide);
    expect([...ALL.filter((bits) => !isNaNPattern(bits) && back[bits] !== bits)]).toEqual([]);
  });

  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 1365 / 4096],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ])("reads %i as %d", (bits, value) => {
    expect(halfToNumber(bits)).toBe(value);
    expect(numberToHalf(value)).toBe(bits);
  });

  it("increases with its pattern", () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      expect(halfToNumber(bits + 1)).toBeGreaterThan(halfToNumber(bits));
    }
  });

  it("rounds to the nearest of two neighbours and ties to the even one, of either sign", () => {
    const wrong: number[] = [];
    for (let low = 0; low < 0x7bff; low++) {
      const [a, b] = [halfToNumber(low), halfToNumber(low + 1)];
      const middle = (a + b) / 2;
      const quarter = (b - a) / 4;
      const even = low & 1 ? low + 1 : low;
      const right =
        numberToHalf(middle) === even &&
        numberToHalf(-middle) === (even | 0x8000) &&
        numberToHalf(middle - quarter) === low &&
        numberToHalf(middle + quarter) === low + 1 &&
        // The float32 next to the middle on each side.
        numberToHalf(Math.fround(middle * (1 - 2 ** -23))) === low &&
        numberToHalf(Math.fround(middle * (1 + 2 ** -23))) === low + 1;
      if (!right) wrong.push(low);
    }
    expect(wrong).toEqual([]);
  });

  it("overflows from halfway to the next power of two, and underflows at half the smallest", () => {
    expect(numberToHalf(65519.99)).toBe(0x7bff);
    expect(numberToHalf(65520)).toBe(0x7c00);
    expect(numberToHalf(-1e30)).toBe(0xfc00);
    expect(numberToHalf(2 ** -25)).toBe(0);
    expect(numberToHalf(2 ** -25 * (1 + 2 ** -20))).toBe(1);
    expect(numberToHalf(-1e-30)).toBe(0x8000);
  });
});
