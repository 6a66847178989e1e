/** @file Captions of pictures: Hugging Face's imagefolder, where metadata.jsonl has a line a picture. */
import { StudioError } from "../errors.ts";

/**
 * Captions by file name, in the order of the lines; of a line, `file_name` and `text` are read.
 *
 * @throws StudioError "invalid-input" naming the line and what is wrong with it
 */
export function parseCaptions(metadata: string): Map<string, string> {
  const captions = new Map<string, string>();
  const lines = metadata.replace(/^\ufeff/, "").split("\n");
  lines.forEach((source, i) => {
    if (source.trim() === "") return;
    const { name, text } = parseLine(source, i + 1);
    if (captions.has(name)) refuse(i + 1, `"${name}" has a line already.`);
    captions.set(name, text);
  });
  if (captions.size === 0) {
    throw new StudioError("invalid-input", "metadata.jsonl lists no pictures.");
  }
  return captions;
}

function parseLine(source: string, line: number): { name: string; text: string } {
  const value = parseJson(source);
  if (typeof value !== "object" || value === null) refuse(line, "it is not a JSON object.");
  const name = "file_name" in value ? value.file_name : undefined;
  const text = "text" in value ? value.text : undefined;
  if (typeof name !== "string" || name === "") refuse(line, `"file_name" is missing.`);
  if (typeof text !== "string") refuse(line, `"text" is missing.`);
  return { name, text };
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

function refuse(line: number, sentence: string): never {
  throw new StudioError("invalid-input", `metadata.jsonl, line ${line}: ${sentence}`);
}
