/** @file A profile as onnxruntime printed it (three nodes of the nano UNet, two runs): who cost what, the first run aside. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readProfile } from "./read-profile.ts";
import { profileText } from "./show-profile.ts";

const sample = readFileSync(new URL("nano-profile.json", import.meta.url), "utf8");

it("adds up operators and nodes of the runs after the first", () => {
  const profile = readProfile(sample);
  const own = (JSON.parse(sample) as { name: string; cat: string; dur: number }[]).slice(-5);
  const micros = own.filter(({ cat }) => cat === "Node").map(({ dur }) => dur);
  const total = micros.reduce((sum, dur) => sum + dur) / 1000;
  expect(profile.runs).toBe(1);
  expect(profile.runMs).toBe((own.at(-1)?.dur ?? NaN) / 1000);
  expect(profile.nodesMs).toBeCloseTo(total, 9);
  expect(profile.fastestNodesMs).toBeCloseTo(total, 9);
  expect(profile.operators.map(({ operator, nodes }) => [operator, nodes])).toEqual([
    ["Gemm", 2],
    ["QuickGelu", 1],
  ]);
  expect(profile.operators.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(profile.nodes.find(({ name }) => name === "node_linear")).toMatchObject({
    operator: "Gemm",
    inputs: ["2x8", "32"],
    ms: (micros[0] ?? NaN) / 1000,
  });
});

it("is shown as two tables, as long as asked for", () => {
  const text = profileText(readProfile(sample), 1);
  expect(text).toMatch(/^[\d.]+ ms a run \(mean of 1\), [\d.]+ of them in nodes\n/);
  expect(text).toMatch(/operator +nodes +ms +share\nGemm +2 /);
  expect(text).not.toContain("QuickGelu");
});

it.each(["", "[]", "{}", '[{"cat": "Node"}]'])("refuses %j", (text) => {
  expect(() => readProfile(text)).toThrow(/onnxruntime's profile/);
});
