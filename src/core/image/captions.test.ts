/** @file Captions of an imagefolder: read in order, and a wrong line named. */
import { expect, it } from "vitest";
import { parseCaptions } from "./captions.ts";

it("reads names and texts in the order of the lines", () => {
  const metadata =
    '\ufeff{"file_name": "b.png", "text": "a bear"}\r\n\n{"text": "", "file_name": "in/a.png", "x": 1}\n';
  expect([...parseCaptions(metadata)]).toEqual([
    ["b.png", "a bear"],
    ["in/a.png", ""],
  ]);
});

it.each([
  ["", "metadata.jsonl lists no pictures."],
  ["{", "metadata.jsonl, line 1: it is not a JSON object."],
  ["\nnull", "metadata.jsonl, line 2: it is not a JSON object."],
  ['{"text": "a"}', 'metadata.jsonl, line 1: "file_name" is missing.'],
  ['{"file_name": "a.png", "text": 1}', 'metadata.jsonl, line 1: "text" is missing.'],
  [
    '{"file_name": "a.png", "text": "a"}\n{"file_name": "a.png", "text": "b"}',
    'metadata.jsonl, line 2: "a.png" has a line already.',
  ],
])("names what is wrong with %j", (metadata, message) => {
  expect(() => parseCaptions(metadata)).toThrow(message);
});
