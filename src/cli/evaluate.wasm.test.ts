/** @file `evaluate` on real pictures: scores that were known beforehand, and what it refuses. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, writeNanoFolder } from "../../tests/support/cli.ts";

const photos = new URL("../../public/samples/concepts/teddy-bear/", import.meta.url).pathname;
const NAMES = ["1.png", "2.png", "3.png", "4.png", "5.png"];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-evaluate-"));
  for (const name of NAMES) copyFileSync(path.join(photos, name), path.join(folder, name));
  const lines = NAMES.map((name) => JSON.stringify({ file_name: name, text: "photo of a bear" }));
  writeFileSync(path.join(folder, "metadata.jsonl"), lines.join("\n"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("evaluate", () => {
  it("scores the photos against themselves", () => {
    const { status, stdout } = cli([
      "evaluate",
      "--images",
      photos,
      "--generated",
      folder,
      "--json",
    ]);
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as {
      readonly imageAlignment: { readonly value: number; readonly pairs: number };
      readonly textAlignment: { readonly pairs: number };
      readonly photoAlignment: { readonly value: number; readonly pairs: number };
    };
    expect(report).toMatchObject({ pictures: 5, photos: 5, model: "toybox-256" });
    // .594 among themselves by PyTorch; each photo also meets itself, with a cosine of 1.
    expect(report.photoAlignment.value).toBeCloseTo(0.594, 3);
    const expected = (report.photoAlignment.value * 20 + 5) / 25;
    expect(report.imageAlignment.value).toBeCloseTo(expected, 6);
    expect([report.imageAlignment.pairs, report.textAlignment.pairs]).toEqual([25, 5]);
  });

  it("leaves the token out of the captions of pictures that were made elsewhere", () => {
    const made = mkdtempSync(path.join(folder, "made-"));
    const textOf = (text: string): number => {
      copyFileSync(path.join(photos, "1.png"), path.join(made, "1.png"));
      writeFileSync(
        path.join(made, "metadata.jsonl"),
        JSON.stringify({ file_name: "1.png", text }),
      );
      const { stdout } = cli(["evaluate", "--images", photos, "--generated", made, "--json"]);
      return (JSON.parse(stdout) as { textAlignment: { value: number } }).textAlignment.value;
    };
    expect(textOf("photo of a <new1> bear")).toBe(textOf("photo of a bear"));
  });

  it.each<[string, () => Promise<string[]> | string[], RegExp]>([
    ["nothing to evaluate", () => [], /Say what to evaluate/],
    ["prompts that are not there", () => ["--category", "bear", "--prompts", "no.txt"], /no\.txt/],
    [
      "an empty list of prompts",
      () => {
        const file = path.join(folder, "prompts.txt");
        writeFileSync(file, "# none yet\n\n");
        return ["--category", "bear", "--prompts", file];
      },
      /0 prompts/,
    ],
    [
      "a model without CLIP",
      async () => [
        "--generated",
        folder,
        "--model",
        await writeNanoFolder(path.join(folder, "nano")),
      ],
      /comes without a CLIP/,
    ],
  ])("refuses %s", async (_, options, sentence) => {
    const { status, stdout, stderr } = cli([
      ...["evaluate", "--images", photos, "--backend", "wasm"],
      ...(await options()),
    ]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(sentence);
    expect([status, stdout]).toEqual([2, ""]);
  });
});
