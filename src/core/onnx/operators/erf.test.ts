/** @file erf against 30-digit values (mpmath), on both sides of every switch of formula. */
import { expect, it } from "vitest";
import { erf } from "./erf.ts";

const VALUES: readonly (readonly [x: number, erf: number])[] = [
  [1e-300, 1.1283791670955126e-300],
  [1e-10, 1.1283791670955126e-10],
  [0.001, 0.0011283787909692364],
  [0.1, 0.1124629160182849],
  [0.3, 0.32862675945912742],
  [0.5, 0.52049987781304654],
  [0.75, 0.71115563365351513],
  [1, 0.84270079294971487],
  [1.25, 0.92290012825645823],
  [1.5, 0.96610514647531073],
  [1.75, 0.98667167121918244],
  [1.9, 0.99279042923525747],
  [1.999999, 0.99532224435192605],
  [2, 0.99532226501895273],
  [2.1, 0.99702053334366701],
  [2.5, 0.99959304798255504],
  [3, 0.99997790950300141],
  [3.5, 0.99999925690162766],
  [4, 0.9999999845827421],
  [5, 0.99999999999846254],
  [5.9, 0.99999999999999993],
  [6, 1],
];

// The series multiplies e^(-x²), a constant and a sum, each within an ulp or two: below 1e-15 together.
it.each(VALUES)("erf(%d)", (x, expected) => {
  expect(Math.abs(erf(x) - expected) / expected).toBeLessThan(1e-15);
  expect(erf(-x)).toBe(-erf(x));
});

it("has the limits and keeps the sign of zero", () => {
  expect(erf(Infinity)).toBe(1);
  expect(erf(-Infinity)).toBe(-1);
  expect(erf(NaN)).toBeNaN();
  expect(erf(0)).toBe(0);
  expect(erf(-0)).toBe(-0);
});

it("has a smooth second difference across the switch at 2", () => {
  const step = 1e-4;
  const second = (erf(2 + step) - 2 * erf(2) + erf(2 - step)) / step ** 2;
  // erf''(x) = -4x/√π e^(-x²); rounding 1e-16 over step² leaves 1e-8 per value, the step itself 1e-8.
  expect(second).toBeCloseTo((-8 / Math.sqrt(Math.PI)) * Math.exp(-4), 6);
});
