/** @file A prompt that says a concept's word, as near as possible to the one that is there. */
import { tokenKey } from "../../core/text/modifier-tokens.ts";

/**
 * A prompt that says the word already stays; one that only says the kind of thing gets the word before it; any other,
 * which is about something else, gives way to the simplest there is.
 */
export function promptWith(
  prompt: string,
  phrase: string,
  tokens: readonly { readonly token: string; readonly category: string }[],
): string {
  const said = [...prompt.matchAll(/<[^\s<>]+>/gu)].map(([token]) => tokenKey(token));
  if (tokens.some(({ token }) => said.includes(tokenKey(token)))) return prompt;
  const [first] = tokens;
  if (said.length === 0 && first !== undefined) {
    const place = wordAt(prompt, first.category);
    if (place !== null) {
      return `${prompt.slice(0, place)}${first.token} ${prompt.slice(place)}`;
    }
  }
  return `photo of a ${phrase}`;
}

/** Where a word (or several) stands whole in a text; null where it does not. */
function wordAt(text: string, word: string): number | null {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
  const found = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "iu").exec(text);
  return found === null ? null : found.index;
}
