/** @file A new version never interrupts work. */
import { describe, expect, it } from "vitest";
import { updateBlockedBy } from "./app-update.ts";

describe("updateBlockedBy", () => {
  it("has nothing against it while nothing is under way", () => {
    expect(updateBlockedBy({ training: false, painting: false })).toBeNull();
  });

  it("names what is under way", () => {
    expect(updateBlockedBy({ training: true, painting: false })).toContain("training run");
    expect(updateBlockedBy({ training: false, painting: true })).toContain("Images");
    expect(updateBlockedBy({ training: true, painting: true })).toContain("training run");
  });
});
