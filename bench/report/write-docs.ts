/** @file Reads bench/results, and writes docs/performance.md with its plots. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type Documents, performanceDocuments } from "./page.ts";
import { parseResults } from "./results.ts";
import { RESULTS } from "./results-file.ts";

const DOCS = new URL("../../docs/", import.meta.url);
const PLOT = /^performance-.*\.svg$/;

/** What the committed results make. */
export async function committedDocuments(): Promise<Documents> {
  const files = (await readdir(RESULTS)).filter((file) => file.endsWith(".json")).sort();
  return performanceDocuments(
    await Promise.all(
      files.map(async (file) => ({
        name: file.replace(/\.json$/, ""),
        results: parseResults(file, await readFile(new URL(file, RESULTS), "utf8")),
      })),
    ),
  );
}

/** Plots that nothing makes any more are removed. @returns what was written, by paths of the repository */
export async function writeDocs(): Promise<string[]> {
  const images = new URL("images/", DOCS);
  await mkdir(images, { recursive: true });
  for (const file of await readdir(images)) {
    if (PLOT.test(file)) await rm(new URL(file, images));
  }
  const documents = await committedDocuments();
  for (const [file, text] of documents) await writeFile(new URL(file, DOCS), text);
  return [...documents.keys()].map((file) => `docs/${file}`);
}
