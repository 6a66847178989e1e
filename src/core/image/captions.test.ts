/** @file Captions of an imagefolder: read in order, and a wrong line named. */
import { expect, it } from "vitest";
import { parseMetadata } from "./captions.ts";

it("reads names and texts in the order of the lines", () => {
  const content =
    '\ufeff{"file_name": "b.png", "text": "a bear"}\r\n\n{"text": "", "file_name": "in/a.png", "x": 1}\n';
  expect(parseMetadata(content, "m")).toEqual([
    { line: 1, name: "b.png", text: "a bear" },
    { line: 3, name: "in/a.png", text: "" },
  ]);
});

it.each([
  ["", '"m" lists no pictures.'],
  ["{", '"m", line 1: it is not a JSON object.'],
  ["\nnull", '"m", line 2: it is not a JSON object.'],
  ["[1]", '"m", line 1: it is not a JSON object.'],
  ['{"text": "a"}', '"m", line 1: "file_name" is missing.'],
  ['{"file_name": "a.png", "text": 1}', '"m", line 1: "text" is missing.'],
  [
    '{"file_name": "a.png", "text": "a"}\n{"file_name": "a.png", "text": "b"}',
    '"m", line 2: "a.png" is already in line 1.',
  ],
])("names what is wrong with %j", (content, message) => {
  expect(() => parseMetadata(content, "m")).toThrow(message);
});
