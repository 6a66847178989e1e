/** @file A concept is put in by addition, and taken out bit for bit. */
import { describe, expect, it } from "vitest";
import { CONCEPT } from "./concept.test-support.ts";
import { resetConcept, withConcept, withDifference } from "./concept.ts";

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

/** Every kind of weight that an addition could change the bits of. */
const base = Float32Array.from({ length: 64 }, (_, i) => (i % 2 ? 1 : -1) * (i % 4 ? 0.1 * i : 0));

describe("withConcept", () => {
  const kvDifference = CONCEPT.kvDifference!;

  it("adds the difference times the strength", () => {
    const weights = withConcept(base, CONCEPT, { strength: 0.5 });
    weights.forEach((w, i) => expect(w).toBe(Math.fround(base[i]! + 0.5 * kvDifference[i]!)));
  });

  it.each([
    ["a strength of 0", CONCEPT, 0],
    ["no difference", { kvDifference: null }, 1],
    ["a reset difference", resetConcept(CONCEPT, { difference: true, tokens: false }), 1],
    [
      "a reset difference, turned round",
      resetConcept(CONCEPT, { difference: true, tokens: false }),
      -1,
    ],
  ])("gives the base back bit for bit, in a copy: %s", (_, concept, strength) => {
    expect([...base].some((x) => Object.is(x, -0))).toBe(true);
    const weights = withConcept(base, concept, { strength });
    expect(bits(weights)).toEqual(bits(base));
    expect(weights).not.toBe(base);
  });

  it("refuses strengths that are no number, and differences of another size", () => {
    expect(() => withConcept(base, CONCEPT, { strength: NaN })).toThrow(
      "The strength of a concept must be a finite number, not NaN.",
    );
    expect(() => withDifference(base, new Float32Array(63), 1)).toThrow(
      "A difference of 63 numbers was to be added to 64 weights.",
    );
  });
});

describe("resetConcept", () => {
  it("with both leaves nothing of the concept", () => {
    const reset = resetConcept(CONCEPT, { difference: true, tokens: true });
    const { queryOutDifference } = reset;
    expect(bits(withConcept(base, reset, { strength: 1 }))).toEqual(bits(base));
    const queryOut = base.map((x) => -x).slice(0, queryOutDifference!.length);
    expect(bits(withDifference(queryOut, queryOutDifference!.slice(0, 64), 1))).toEqual(
      bits(queryOut),
    );
    for (const { row, initialRow } of reset.tokens) expect(row).toEqual(initialRow);
  });

  it("resets one without the other, and does not touch the original", () => {
    const weights = resetConcept(CONCEPT, { difference: true, tokens: false });
    expect(weights.tokens).toEqual(CONCEPT.tokens);
    expect(weights.kvDifference!.every((x) => x === 0)).toBe(true);
    const tokens = resetConcept(CONCEPT, { difference: false, tokens: true });
    expect(tokens.kvDifference).toEqual(CONCEPT.kvDifference);
    expect(tokens.tokens[0]!.row).toEqual(CONCEPT.tokens[0]!.initialRow);
    expect(CONCEPT.tokens[0]!.row).not.toEqual(CONCEPT.tokens[0]!.initialRow);
    expect(CONCEPT.kvDifference!.some((x) => x !== 0)).toBe(true);
  });

  it("leaves what was not trained alone", () => {
    const token = { ...CONCEPT, kvDifference: null, queryOutDifference: null };
    const reset = resetConcept(token, { difference: true, tokens: true });
    expect(reset.kvDifference).toBe(null);
    expect(reset.queryOutDifference).toBe(null);
  });
});
