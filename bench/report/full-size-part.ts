/** @file Stable Diffusion at full size as a table: a row a work and contender, with times and memory. */
import { memoryText } from "../../src/core/plan/plan-text.ts";
import { ratios, spread } from "../statistics.ts";
import { contenderName } from "./comparison-part.ts";
import { ratioText, table, timeText } from "./markdown.ts";
import type { FullSizeResults } from "./results.ts";

type Row = FullSizeResults["rows"][number];

const HEAD = [
  "",
  "",
  "in",
  "time",
  "over PyTorch",
  "opened after",
  "memory by its own account",
  "by the driver",
];

export function fullSizePart(results: FullSizeResults): string[] {
  const { date, rounds, device, plans, versions, notes, rows } = results;
  const body = rows.map((row) => [
    row.work,
    contenderName(row.contender),
    row.precision,
    spreadText(row.ms),
    overTorch(row, rows),
    timeText(row.openMs),
    bytesText(row.ownBytes),
    bytesText(row.runningBytes),
  ]);
  return [
    `Measured on ${date}, ${rounds} rounds: ${[device.replace(/\.$/, ""), ...versions].join("; ")}.`,
    ...(plans.length === 0 ? [] : [plans.join(" ")]),
    table([HEAD, ...body]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
  ];
}

/** "120 ms (118 ms..131 ms)" */
export function spreadText(ms: readonly number[]): string {
  const { median, low, high } = spread(ms);
  return `${timeText(median)} (${timeText(low)}..${timeText(high)})`;
}

/** Of the same rounds. */
export function overTorch(row: Row, rows: readonly Row[]): string {
  const torch = rows.find(({ work, contender }) => work === row.work && contender === "torch");
  if (torch === undefined || torch === row) return "";
  return ratioText(ratios(row.ms, torch.ms));
}

export function bytesText(bytes: number | null): string {
  return bytes === null ? "not measured" : memoryText(bytes);
}
