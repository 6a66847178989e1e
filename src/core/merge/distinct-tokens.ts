/** @file Words for concepts that come together: each keeps its own where it can, and a second of one name gets another. */
import { tokenKey } from "../text/modifier-tokens.ts";

/** The tokens of each concept; one whose name is taken becomes the first of `<new1>`, `<new2>`, ... that is free. */
export function distinctTokens<T extends { readonly token: string }>(
  concepts: readonly (readonly T[])[],
): readonly (readonly T[])[] {
  const wanted = new Set(concepts.flat().map(({ token }) => tokenKey(token)));
  const taken = new Set<string>();
  const free = (): string => {
    let number = 1;
    while (wanted.has(`<new${number}>`) || taken.has(`<new${number}>`)) number++;
    return `<new${number}>`;
  };
  return concepts.map((tokens) =>
    tokens.map((own) => {
      const token = taken.has(tokenKey(own.token)) ? free() : own.token;
      taken.add(tokenKey(token));
      return token === own.token ? own : { ...own, token };
    }),
  );
}
