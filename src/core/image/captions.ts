/** @file Captions of pictures: Hugging Face's imagefolder, where metadata.jsonl has a line a picture. */
import { StudioError } from "../errors.ts";

export interface CaptionLine {
  /** Counted from 1. */
  readonly line: number;
  /** Of the picture's file, relative to the folder. */
  readonly name: string;
  readonly text: string;
}

/**
 * The lines of a metadata.jsonl that are not empty; of a line, `file_name` and `text` are read.
 *
 * @param file what messages call it
 * @throws StudioError "invalid-input" naming the line and what is wrong with it
 */
export function parseMetadata(content: string, file: string): CaptionLine[] {
  const lines = content
    .replace(/^\ufeff/, "")
    .split("\n")
    .flatMap((source, i) => (source.trim() === "" ? [] : [parseLine(source, i + 1, file)]));
  const lineOf = new Map<string, number>();
  for (const { line, name } of lines) {
    const earlier = lineOf.get(name);
    if (earlier !== undefined)
      throw lineError(file, line, `"${name}" is already in line ${earlier}.`);
    lineOf.set(name, line);
  }
  if (lines.length === 0) throw new StudioError("invalid-input", `"${file}" lists no pictures.`);
  return lines;
}

export function lineError(file: string, line: number, sentence: string): StudioError {
  return new StudioError("invalid-input", `"${file}", line ${line}: ${sentence}`);
}

function parseLine(source: string, line: number, file: string): CaptionLine {
  const fields = parseObject(source);
  if (fields === null) throw lineError(file, line, "it is not a JSON object.");
  const { file_name: name, text } = fields;
  if (typeof name !== "string" || name === "") {
    throw lineError(file, line, `"file_name" is missing.`);
  }
  if (typeof text !== "string") throw lineError(file, line, `"text" is missing.`);
  return { line, name, text };
}

function parseObject(source: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(source);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : null;
  } catch {
    return null;
  }
}
