/** @file What a heat map says, in words: for those who do not see it, and beside its colours. */
import type { WordHeat } from "../../core/attention/attention-sum.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";

/** "9.3 %": two digits that count. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

const ROWS = ["top", "", "bottom"] as const;
const COLUMNS = ["left", "", "right"] as const;

/** In which ninth of the picture the map is largest: "at the top left". */
export function hottestPlace(heat: ArrayLike<number>, width: number, height: number): string {
  let at = 0;
  for (let i = 1; i < heat.length; i++) if ((heat[i] ?? 0) > (heat[at] ?? 0)) at = i;
  const row = ROWS[Math.floor((3 * Math.floor(at / width)) / height)] ?? "";
  const column = COLUMNS[Math.floor((3 * (at % width)) / width)] ?? "";
  const place = [row, column].filter((part) => part !== "").join(" ");
  return place === "" ? "in the middle" : `at the ${place}`;
}

/** Index of the first word that is a concept's own; null where there is none. */
export function ownWord(words: readonly WordHeat[], tokens: readonly string[]): number | null {
  const own = new Set(tokens.map(tokenKey));
  const index = words.findIndex(({ text }) => own.has(tokenKey(text)));
  return index < 0 ? null : index;
}
