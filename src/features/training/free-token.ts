/** @file The word that a new concept gets where nobody chooses one. */

/** The first of `<new1>`, `<new2>` ... that no stored concept and no unfinished run has. */
export function freeToken(used: Iterable<string>): string {
  const taken = new Set([...used].map((token) => token.toLowerCase()));
  for (let k = 1; ; k++) {
    const token = `<new${k}>`;
    if (!taken.has(token)) return token;
  }
}
