/** @file The other sections of a machine: its floor, its optimisations, how it scales, and files of the first version. */
import { BEHIND, isOptimisation, OPTIMISATIONS } from "../../src/core/optimisations.ts";
import { exponentOf, ratios, spread } from "../statistics.ts";
import { contenderName } from "./comparison-part.ts";
import { ratioText, table, timeText } from "./markdown.ts";
import type { FirstVersion, Floor, OptimisationResults, ScalingResults } from "./results.ts";

export function floorPart({ threads, work, rates }: Floor): string[] {
  const rows = work.map(({ name, convolution, matmul, torchMs, ownMs }) => {
    const floor = 1000 * (convolution / rates.convolution + matmul / rates.matmul);
    const overTorch = spread(torchMs.map((ms) => floor / ms));
    const overFloor = spread(ownMs.map((ms) => ms / floor));
    return [
      name,
      convolution.toFixed(1),
      matmul.toFixed(1),
      timeText(floor),
      ratioText(overTorch),
      ratioText(overFloor),
    ];
  });
  const head = [
    "",
    "convolutions, GFLOP",
    "matrix products, GFLOP",
    "floor",
    "floor over PyTorch eager",
    "studio over floor",
  ];
  return [
    `On ${threads} threads convolutions reach ${rates.convolution.toFixed(1)} GFLOP/s and matrix products ${rates.matmul.toFixed(1)} GFLOP/s in WebAssembly.`,
    table([head, ...rows]),
  ];
}

export function optimisationsPart(results: OptimisationResults): string[] {
  const { date, rounds, threads, rows } = results;
  const works = [...new Set(rows.map(({ work }) => work))];
  const names = [...new Set(rows.map(({ optimisation }) => optimisation))];
  const body = names.map((name) => [
    `\`${name}\``,
    ...works.map((work) => {
      const row = rows.find((r) => r.optimisation === name && r.work === work);
      return row === undefined ? "" : ratioText(ratios(row.without, row.all));
    }),
    descriptionOf(name),
  ]);
  return [
    `Measured on ${date}, ${rounds} rounds, ${threads} threads.`,
    table([["without", ...works, "what it is"], ...body]),
  ];
}

function descriptionOf(name: string): string {
  if (!isOptimisation(name)) return "";
  const behind = BEHIND[name];
  const note = behind === undefined ? "" : `; both sides without \`${behind}\``;
  return OPTIMISATIONS[name] + note;
}

/** @param plots images, relative to the page, by what they show */
export function scalingPart(results: ScalingResults, plots: ReadonlyMap<string, string>): string[] {
  const { date, rounds, threads, series } = results;
  const body = series.map(({ work, over, contender, points }) => {
    const fit = exponentOf(points.map(({ x, ms }) => ({ x, t: spread(ms).median })));
    const error = Number.isNaN(fit.error) ? "" : ` ± ${fit.error.toFixed(2)}`;
    const times = points.map(({ x, ms }) => `${x}: ${timeText(spread(ms).median)}`);
    return [
      work,
      over,
      contenderName(contender),
      `${fit.value.toFixed(2)}${error}`,
      times.join("; "),
    ];
  });
  return [
    `Measured on ${date}, ${rounds} rounds, ${threads} threads.`,
    table([["", "over", "", "exponent", "medians"], ...body]),
    ...[...plots].map(([over, file]) => `![${over}: time, both axes logarithmic](${file})`),
  ];
}

export function firstVersionPart({ date, rounds, threads, torch, webgpu, rows }: FirstVersion) {
  const body = rows.map(({ name, backend, ours, torch: theirs, ratio }) => [
    name,
    backend,
    timeText(ours.median),
    theirs === null ? "" : timeText(theirs.median),
    ratio === null ? "" : ratioText(ratio),
  ]);
  const gpu = webgpu?.adapter == null ? "" : `; WebGPU on ${webgpu.adapter}`;
  return [
    `Measured on ${date}, ${rounds} rounds, ${threads} threads: ${torch ?? "without PyTorch"}${gpu}.`,
    table([["", "backend", "studio", "PyTorch eager", "ratio"], ...body]),
  ];
}
