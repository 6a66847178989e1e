/** @file Prompts with modifier tokens: new words like `<new1>` whose ids follow the tokenizer's own vocabulary. */
import { StudioError } from "../errors.ts";
import type { ClipTokenizer, TokenizedPrompt } from "./clip-tokenizer.ts";
import { cutIntoPieces, placeWords, type PromptWord } from "./prompt-words.ts";

/** Anything in angle brackets. No two of these overlap, so that a match is never part of a longer token. */
const BRACKETED = /(<[^\s<>]+>)/u;

/** As `BRACKETED`, but of reasonable length, and nothing that is not a character or that a terminal would obey. */
const MODIFIER = /^<[^\s<>\p{Cc}\p{Cs}]{1,62}>$/u;

const CATEGORY = /^(?=.*\S)[^\p{Cc}\p{Cs}]{1,100}$/u;

/** Tokenizes prompts; modifier token k has id `vocabularySize` + k. */
export class PromptTokenizer {
  private readonly tokenizer: ClipTokenizer;
  private readonly vocabularySize: number;
  private readonly tokens: readonly string[];

  /**
   * @param vocabularySize rows of the text encoder's embedding table
   * @throws StudioError "invalid-input" where a token is badly written, given twice, or in the vocabulary already
   */
  constructor(tokenizer: ClipTokenizer, vocabularySize: number, tokens: readonly string[]) {
    checkModifierTokens(tokens);
    for (const token of tokens) {
      if (tokenizer.idOf(token) !== undefined) {
        throw refusal(`${token} is in the model's vocabulary already; choose another new word.`);
      }
    }
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.tokens = tokens;
  }

  /** The prompt's ids, as transformers' CLIPTokenizer gives them after add_tokens(tokens). */
  encode(prompt: string): TokenizedPrompt {
    const ids = cutAtTokens(prompt, this.tokens).flatMap((piece) =>
      typeof piece === "number" ? this.vocabularySize + piece : this.tokenizer.idsOf(piece),
    );
    return this.tokenizer.frame(ids, (rest) => this.textOf(rest));
  }

  /** The words of the prompt that the text encoder reads, in order, with their tokens among the 77. */
  words(prompt: string): PromptWord[] {
    const pieces = cutAtTokens(prompt, this.tokens).flatMap((piece) =>
      typeof piece === "number"
        ? { text: this.tokens[piece] ?? "", tokens: 1 }
        : cutIntoPieces(piece, (text) => this.tokenizer.idsOf(text)),
    );
    return placeWords(pieces, this.encode(prompt).kept);
  }

  private textOf(ids: readonly number[]): string {
    const words: string[] = [];
    let plain: number[] = [];
    const flush = (): void => {
      if (plain.length > 0) words.push(this.tokenizer.textOf(plain));
      plain = [];
    };
    for (const id of ids) {
      const token = this.tokens[id - this.vocabularySize];
      if (token === undefined) plain.push(id);
      else {
        flush();
        words.push(token);
      }
    }
    flush();
    return words.join(" ");
  }
}

/** The prompt without its modifier tokens, to compare images with: "photo of a <new1> bear" → "photo of a bear". */
export function removeModifierTokens(prompt: string, tokens: readonly string[]): string {
  return cutAtTokens(prompt, tokens)
    .filter((piece) => typeof piece === "string")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .join(" ");
}

/** Words in angle brackets that none of `tokens` is: the text encoder reads them as ordinary letters. */
export function unknownTokens(prompt: string, tokens: readonly string[]): string[] {
  const known = new Set(tokens.map(tokenKey));
  const bracketed = prompt.split(BRACKETED).filter((_, i) => i % 2 === 1);
  return [...new Set(bracketed.filter((token) => !known.has(tokenKey(token))))];
}

/** The prompt as texts and indices of `tokens` in turn. Like the rest of a prompt, tokens are read in any case. */
function cutAtTokens(prompt: string, tokens: readonly string[]): (string | number)[] {
  const index = new Map(tokens.map((token, k) => [tokenKey(token), k]));
  const pieces: (string | number)[] = [];
  let text = "";
  for (const part of prompt.split(BRACKETED)) {
    const k = index.get(tokenKey(part));
    if (k === undefined) text += part;
    else {
      pieces.push(text, k);
      text = "";
    }
  }
  return [...pieces, text].filter((piece) => piece !== "");
}

/** What CLIP's tokenizer makes of a text before it looks words up: tokens of one key are the same. */
export function tokenKey(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/**
 * A modifier token is written in angle brackets, so that it cannot be taken for a word.
 * @throws StudioError "invalid-input" saying how to write it
 */
export function checkModifierToken(token: string): void {
  const shown = JSON.stringify(token.slice(0, 70));
  if (/^<\|.*\|>$/su.test(token)) {
    throw refusal(`${shown} is a mark of the tokenizer; choose another new word, like <new1>.`);
  }
  if (MODIFIER.test(token)) return;
  if (/^[\p{L}\p{N}_-]{1,62}$/u.test(token)) {
    throw refusal(
      `${shown} is a word already; write the new word in angle brackets, like <${token}>.`,
    );
  }
  throw refusal(
    `${shown} cannot be a new word: write 1 to 62 characters in angle brackets, without spaces or other brackets, like <new1>.`,
  );
}

/** @throws StudioError "invalid-input" where one is badly written, or two are equal but for their case */
export function checkModifierTokens(tokens: readonly string[]): void {
  tokens.forEach(checkModifierToken);
  const seen = new Set<string>();
  for (const token of tokens) {
    if (seen.has(tokenKey(token))) {
      throw refusal(`The modifier token ${token} is given twice; each needs its own, like <new2>.`);
    }
    seen.add(tokenKey(token));
  }
}

/** Whether the vocabulary has every word of the category whole, as it has what was frequent where it was made. */
export function knowsCategory(tokenizer: ClipTokenizer, category: string): boolean {
  return category.trim().split(/\s+/).length === tokenizer.idsOf(category).length;
}

/**
 * @param tokenizer the model's; without one only the writing is checked
 * @throws StudioError "invalid-input" where the category is empty, too long, has control characters or gives no token
 */
export function checkCategory(tokenizer: ClipTokenizer | null, category: string): void {
  if (CATEGORY.test(category) && tokenizer?.idsOf(category).length !== 0) return;
  throw refusal(
    `${JSON.stringify(category.slice(0, 100))} is no category; say in a word or two what the photos show, like "bear".`,
  );
}

function refusal(sentence: string): StudioError {
  return new StudioError("invalid-input", sentence);
}
