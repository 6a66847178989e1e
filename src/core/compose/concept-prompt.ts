/** @file What each of several composed concepts is asked for: the whole prompt, the others' things under their everyday names. */
import { tokenKey } from "../text/modifier-tokens.ts";

/**
 * The prompt as concept `own` reads it: other concepts' modifier tokens are taken out, their categories stay.
 * "a <new1> cat and a <new2> bear" is "a <new1> cat and a bear" to the first.
 */
export function conceptPrompt(
  prompt: string,
  own: readonly string[],
  others: readonly string[],
): string {
  const mine = new Set(own.map(tokenKey));
  const foreign = new Set(others.map(tokenKey).filter((key) => !mine.has(key)));
  return prompt
    .split(/(<[^\s<>]+>\s*)/u)
    .filter((piece) => !foreign.has(tokenKey(piece.trim())))
    .join("");
}
