/** @file The table of gradient rules as a page for people: docs/op-coverage.md. */
import { SUPPORTED_OPS, type SupportedOp } from "../onnx/operators/supported.ts";
import { NEVER_DIFFERENTIATED, REFUSED_INPUTS, VJP } from "./table.ts";

const HEAD = `# Operators and their gradients

Written from \`src/core/autodiff/table.ts\` by \`npx tsx scripts/write-op-coverage.ts\`; a test fails
where it is out of date. Inputs are counted from 0.
`;

const RULES = `
## Differentiated

Each rule is checked against finite differences in float64. A path never enters by an input that
says how and not what (a shape, an axis, a condition); one that enters by a refused input is refused.
`;

const ZEROS = `
## Zero derivative

The derivative is zero wherever it exists, so a path ends here. What the loss depends on in no other
way gets a gradient of zeros, and is reported.
`;

const REFUSALS = `
## Refused

There is a derivative and no rule. A model with such an operator between what is trained and the loss
is refused, with the node's name.
`;

/** A table with its columns aligned, as the formatter leaves it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const [head, ...body] = rows.map((row) => line(row.map((cell, i) => cell.padEnd(widths[i]!))));
  return `\n${head!}${line(widths.map((width) => "-".repeat(width)))}${body.join("")}`;
}

function refusedInputs(op: SupportedOp): string {
  const refusals = Object.entries(REFUSED_INPUTS[op] ?? {});
  return refusals.map(([input, why]) => `${input}: ${why}`).join("; ");
}

export function coveragePage(): string {
  const rules = [["operator", "never by input", "refused by input"]];
  const zeros = [["operator", "because"]];
  const refusals = [["operator", "because"]];
  for (const op of [...SUPPORTED_OPS].sort()) {
    const entry = VJP[op];
    if (typeof entry === "function") {
      rules.push([op, (NEVER_DIFFERENTIATED[op] ?? []).join(", "), refusedInputs(op)]);
    } else if ("refused" in entry) refusals.push([op, entry.refused]);
    else zeros.push([op, entry.noGradient]);
  }
  return [HEAD, RULES, table(rules), ZEROS, table(zeros), REFUSALS, table(refusals)].join("");
}
