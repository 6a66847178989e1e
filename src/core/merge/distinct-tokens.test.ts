/** @file Words of concepts that come together stay what they are, unless another has them. */
import { expect, it } from "vitest";
import { distinctTokens } from "./distinct-tokens.ts";

const words = (...tokens: string[]) =>
  tokens.map((token) => ({
    token,
    category: "bear",
    row: Float32Array.of(1),
    initialRow: Float32Array.of(0),
  }));

it.each([
  [
    [["<new1>"], ["<new2>"]],
    [["<new1>"], ["<new2>"]],
  ],
  [
    [["<new1>"], ["<new1>"]],
    [["<new1>"], ["<new2>"]],
  ],
  [
    [["<new1>"], ["<NEW1>"], ["<new2>"]],
    [["<new1>"], ["<new3>"], ["<new2>"]],
  ],
  [
    [["<a>", "<b>"], ["<b>"]],
    [["<a>", "<b>"], ["<new1>"]],
  ],
  [
    [["<new2>"], ["<new2>"], ["<new2>"]],
    [["<new2>"], ["<new1>"], ["<new3>"]],
  ],
])("%j becomes %j", (given, expected) => {
  const concepts = given.map((tokens) => words(...tokens));
  const distinct = distinctTokens(concepts);
  expect(distinct.map((tokens) => tokens.map(({ token }) => token))).toEqual(expected);
});
