/** @file Reads a committed file by its path in the repository: from disk in Node, over HTTP in the browser tests. */

export async function readFixture(path: string): Promise<Uint8Array> {
  if (typeof window === "undefined" && typeof process !== "undefined") {
    const { readFile } = await import("node:fs/promises");
    return readFile(new URL(`../../${path}`, import.meta.url));
  }
  const response = await fetch(`/${path}`);
  if (!response.ok) throw new Error(`${path}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
