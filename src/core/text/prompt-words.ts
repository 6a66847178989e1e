/** @file Which tokens each word of a prompt became: a word may be several of them, a modifier token is one. */

export interface PromptWord {
  /** As it is written in the prompt. */
  readonly text: string;
  /** Where its tokens are among those that the text encoder reads. */
  readonly positions: readonly number[];
}

/** A part of a prompt, and how many tokens it becomes. */
export interface PromptPiece {
  readonly text: string;
  readonly tokens: number;
}

/**
 * A text between its spaces, where CLIP's tokenizer never joins anything, and punctuation apart where that changes no
 * token ("bear," is two pieces, "'s" is one).
 */
export function cutIntoPieces(
  text: string,
  idsOf: (text: string) => readonly number[],
): PromptPiece[] {
  return text.split(/\s+/u).flatMap((chunk) => {
    if (chunk === "") return [];
    const whole = idsOf(chunk);
    const parts = /^([^\p{L}\p{N}]*)(.*[\p{L}\p{N}])([^\p{L}\p{N}]*)$/u.exec(chunk)?.slice(1) ?? [];
    const pieces = parts.filter((part) => part !== "").map((part) => ({ part, ids: idsOf(part) }));
    const same = pieces.flatMap(({ ids }) => ids).join() === whole.join();
    if (pieces.length === 0 || !same) return [{ text: chunk, tokens: whole.length }];
    return pieces.map(({ part, ids }) => ({ text: part, tokens: ids.length }));
  });
}

/**
 * The words among consecutive pieces of a prompt; punctuation is none, and what did not fit is left out.
 * @param kept how many tokens are read, from position 1 on, behind the start mark
 */
export function placeWords(pieces: readonly PromptPiece[], kept: number): PromptWord[] {
  let next = 1;
  return pieces.flatMap(({ text, tokens }) => {
    const positions = Array.from({ length: tokens }, (_, i) => next + i);
    next += tokens;
    const read = positions.filter((position) => position <= kept);
    return read.length === 0 || /^\p{P}+$/u.test(text) ? [] : [{ text, positions: read }];
  });
}
