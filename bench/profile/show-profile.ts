/** @file A profile as two tables: operators, and nodes, most costly first. */
import type { Profile } from "./read-profile.ts";

export function profileText({ runs, runMs, nodesMs, operators, nodes }: Profile, top: number) {
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const byOperator = operators
    .slice(0, top)
    .map((cost) => [cost.operator, String(cost.nodes), cost.ms.toFixed(1), share(cost.share)]);
  const byNode = nodes
    .slice(0, top)
    .map((cost) => [
      cost.operator,
      cost.ms.toFixed(1),
      share(cost.share),
      cost.inputs.join(", "),
      cost.name,
    ]);
  return [
    `${runMs.toFixed(1)} ms a run (mean of ${runs}), ${nodesMs.toFixed(1)} of them in nodes`,
    "",
    ...aligned([["operator", "nodes", "ms", "share"], ...byOperator], 1),
    "",
    ...aligned([["node", "ms", "share", "inputs", "name"], ...byNode], 1, 2),
  ].join("\n");
}

/** Columns `from` to `to` hold numbers, and are aligned to the right. */
function aligned(rows: readonly (readonly string[])[], from: number, to = Infinity): string[] {
  const width = (column: number): number =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const cell = (text: string, column: number): string =>
    column >= from && column <= to ? text.padStart(width(column)) : text.padEnd(width(column));
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}
