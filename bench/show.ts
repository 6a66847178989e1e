/** @file Measurements as lines on a terminal. */
import type { FirstImage } from "./first-image.ts";
import type { Comparison } from "./report/results.ts";
import { ratios, spread, type Spread } from "./statistics.ts";
import { FIRST_IMAGE } from "./first-image.ts";

/** Medians with the lowest and the highest. */
export function show({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

export function today(): string {
  return new Date().toISOString().slice(0, 10);
}

export const lines = {
  firstImage: ({ open, image }: FirstImage): string =>
    `${FIRST_IMAGE}: ${show(spread(image), 0)} ms, first step after ${show(spread(open), 0)} ms`,

  /** Everybody's times of one work; ratios to PyTorch eager with as many threads, or with the most. */
  rows: (rows: Comparison["rows"]): string[] =>
    rows.map((row) => {
      const torch = rows.find((r) => r.contender === "torch" && r.threads === row.threads);
      const own = `${row.work.padEnd(22)} ${row.contender.padEnd(8)} ${row.threads} threads  ${show(spread(row.ms), 0)} ms`;
      if (torch === undefined || torch === row) return own;
      return `${own}   ${show(ratios(row.ms, torch.ms), 2)} of PyTorch eager`;
    }),

  pair: (name: string, work: string, ratio: Spread): string =>
    `${name.padEnd(22)} ${work.padEnd(22)} without it ${show(ratio, 2)} of the time`,
};
