/** @file What the form says about the words of a new concept. */
import { StudioError } from "../../core/errors.ts";
import { checkModifierToken } from "../../core/text/modifier-tokens.ts";
import type { CategoryHint } from "../../rpc/contracts.ts";

export function categoryHint(category: string, { known, tokens }: CategoryHint): string {
  if (known) return `The model knows ${category.includes(" ") ? "these words" : "this word"}.`;
  return `The model may not know “${category}”: it reads it in ${tokens} pieces. A more common word works better.`;
}

/** Why it cannot be a new word; null where it can. */
export function tokenProblem(token: string): string | null {
  try {
    checkModifierToken(token);
    return null;
  } catch (error) {
    if (error instanceof StudioError) return error.message;
    throw error;
  }
}

/** @param used names of the stored concepts by their tokens, in lower case */
export function tokenRemark(token: string, used: ReadonlyMap<string, string>): string | null {
  const owner = used.get(token.toLowerCase());
  if (owner === undefined) return null;
  return `“${owner}” has this word already. Both can be kept, but not used in one prompt.`;
}
