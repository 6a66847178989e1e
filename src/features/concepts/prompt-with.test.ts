/** @file A concept's word gets into the prompt that is there, or a simple one takes its place. */
import { describe, expect, it } from "vitest";
import { promptWith } from "./prompt-with.ts";

const tokens = [{ token: "<new1>", category: "bear" }];

describe("promptWith", () => {
  it.each([
    ["photo of a bear on the beach", "photo of a <new1> bear on the beach"],
    ["A Bear, at night", "A <new1> Bear, at night"],
    ["a <NEW1> bear in space", "a <NEW1> bear in space"],
    ["a bearded man", "photo of a <new1> bear"],
    ["a <new2> bear", "photo of a <new1> bear"],
    ["", "photo of a <new1> bear"],
  ])("%s becomes %s", (prompt, expected) => {
    expect(promptWith(prompt, "<new1> bear", tokens)).toBe(expected);
  });

  it("takes a category for what it is, not for a pattern", () => {
    const odd = [{ token: "<new1>", category: "(.*" }];
    expect(promptWith("a bear", "<new1> (.*", odd)).toBe("photo of a <new1> (.*");
  });
});
