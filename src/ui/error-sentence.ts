/** @file The sentence to show for anything that was thrown. */
import { StudioError } from "../core/errors.ts";

/** A StudioError's message already says what to do; anything else is a fault of the program. */
export function errorSentence(error: unknown): string {
  if (error instanceof StudioError) return error.message;
  const detail = error instanceof Error ? error.message : String(error);
  return `Something unexpected went wrong: ${detail} Reload the page; if it happens again, please report it with this text.`;
}
