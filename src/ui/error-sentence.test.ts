/** @file What people read when something fails. */
import { describe, expect, it } from "vitest";
import { StudioError } from "../core/errors.ts";
import { errorSentence } from "./error-sentence.ts";

describe("errorSentence", () => {
  it("shows a StudioError's own sentence and nothing else", () => {
    const error = new StudioError("model-not-found", "There is no model nope. Check its name.");
    expect(errorSentence(error)).toBe("There is no model nope. Check its name.");
  });

  it.each([[new TypeError("x is undefined")], ["x is undefined"]])(
    "says what to do about anything else: %s",
    (thrown) => {
      expect(errorSentence(thrown)).toMatch(/unexpected.*x is undefined.*Reload the page/);
    },
  );
});
