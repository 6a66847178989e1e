/** @file A model that does not fit is refused with the numbers. */
import { expect, it } from "vitest";
import { requireRoom } from "./room.ts";

it("says by how much it does not fit", () => {
  const sentence =
    /"nano" does not fit: it needs 4,017 MB, .* allows 2,000 MB more .*, 2,017 MB too/;
  expect(() => requireRoom("nano", 4e9, 2e9)).toThrow(sentence);
  expect(() => requireRoom("nano", 1e6, 0)).toThrow(/allows 0 MB more/);
});

it("lets through what fits, and what nobody can tell", () => {
  requireRoom("nano", 2e9, 4e9);
  requireRoom("nano", 2e12, null);
});
