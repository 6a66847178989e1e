/** @file CLIP's vocabulary out of its merges alone: bytes, bytes at a word's end, what each merge makes, two marks. */

/** Bytes that are shown as the character they are in Latin-1; the others are shown as characters from 256 on. */
const SHOWN: readonly (readonly [from: number, to: number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

const WORD_END = "</w>";

/** @param mergesText as in merges.txt: a line with the version, then a merge a line */
export function clipVocabulary(mergesText: string): Record<string, number> {
  const shown = SHOWN.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
  const hidden = 256 - shown.length;
  const bytes = [...shown, ...Array.from({ length: hidden }, (_, i) => 256 + i)].map((code) =>
    String.fromCodePoint(code),
  );
  const merged = mergesText
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line.trim() !== "")
    .map((line) => line.replace(" ", ""));
  const tokens = [...bytes, ...bytes.map((byte) => byte + WORD_END), ...merged];
  const all = [...tokens, "<|startoftext|>", "<|endoftext|>"];
  return Object.fromEntries(all.map((token, id) => [token, id]));
}
