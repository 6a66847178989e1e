/** @file Names of folders as ids that are safe in addresses and as names of files. */

/** "Stable Diffusion v1.5" is "stable-diffusion-v1-5", or with a number behind it where that is taken. */
export function slugOf(name: string, taken: readonly { readonly id: string }[]): string {
  const words = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  const slug = words === "" ? "model" : words;
  const ids = new Set(taken.map(({ id }) => id));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? slug : `${slug}-${n}`;
    if (!ids.has(candidate)) return candidate;
  }
}
