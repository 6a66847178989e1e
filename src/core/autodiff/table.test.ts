import { describe, expect, it } from "vitest";
import { SUPPORTED_OPS } from "../onnx/operators/supported.ts";
import { CASES } from "./cases/cases.test-support.ts";
import { type Case, checkGradient } from "./gradient-check.test-support.ts";
import type { DifferentiableOp } from "./table.ts";
import { VJP } from "./table.ts";

const differentiable = Object.keys(CASES) as DifferentiableOp[];

describe("gradient rules agree with centred differences in float64", () => {
  it("for every operator that has a rule", () => {
    const withRule = SUPPORTED_OPS.filter((op) => typeof VJP[op] === "function");
    expect([...differentiable].sort()).toEqual([...withRule].sort());
    for (const op of differentiable) expect(CASES[op].length, op).toBeGreaterThan(2);
  });

  describe.each(differentiable)("%s", (op) => {
    const cases: readonly Case[] = CASES[op];
    it.each(cases)("$name", async (test) => {
      const { mismatches, compared, unread, seed } = await checkGradient(op, test);
      expect(compared, "elements compared").toBeGreaterThan(0);
      expect(mismatches, `seed ${seed}`).toEqual([]);
      expect(unread, "nodes emitted for nothing").toEqual([]);
    });
  });
});
