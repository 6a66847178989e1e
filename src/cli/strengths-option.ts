/** @file `--strength`: one factor for all concepts, or one each. */
import { StudioError } from "../core/errors.ts";
import { type Raw, textOption } from "./options.ts";

/** @throws StudioError "invalid-input" where there are not as many numbers as concepts */
export function strengthsOption(raw: Raw, concepts: number): number[] {
  const text = textOption("strength", raw);
  if (text === null) return new Array<number>(concepts).fill(1);
  const numbers = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const [only = NaN] = numbers;
  if (!numbers.every(Number.isFinite) || (numbers.length !== 1 && numbers.length !== concepts)) {
    throw new StudioError(
      "invalid-input",
      `--strength must be one number, or one for each of the ${concepts} concepts, like 1,0.8, not "${text}".`,
    );
  }
  return numbers.length === 1 ? new Array<number>(concepts).fill(only) : numbers;
}
