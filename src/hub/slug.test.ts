/** @file Ids of models from the names of their folders. */
import { expect, it } from "vitest";
import { slugOf } from "./slug.ts";

it.each([
  ["Stable Diffusion v1.5", "stable-diffusion-v1-5"],
  ["  Übung/модель  ", "u-bung"],
  ["モデル", "model"],
  ["..", "model"],
])("%j is %s", (name, slug) => {
  expect(slugOf(name, [])).toBe(slug);
});

it("gives no id twice", () => {
  expect(slugOf("toy", [{ id: "toy" }, { id: "toy-2" }, { id: "toy-4" }])).toBe("toy-3");
});
