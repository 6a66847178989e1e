/** @file Numbers and tables of a page, as the formatter leaves them. */
import type { Spread } from "../statistics.ts";

/** A table with its columns aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** "1.92 (1.82..2.21)" */
export function ratioText({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}..${high.toFixed(2)})`;
}

/** "1,234 ms", and "12.3 s" from ten seconds on. */
export function timeText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0).replace(/\B(?=(\d{3})+$)/, ",")} ms`;
}
