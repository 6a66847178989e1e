/** @file The comparison as a table: a row a work and number of threads, a column for everybody. */
import type { ContenderName } from "../contenders.ts";
import { groupBy } from "../group-by.ts";
import { ratios, spread } from "../statistics.ts";
import { ratioText, table, timeText } from "./markdown.ts";
import type { Comparison } from "./results.ts";

type Row = Comparison["rows"][number];

/** In the order of the columns. */
const NAMES: Readonly<Record<ContenderName, string>> = {
  node: "studio, Node",
  chromium: "studio, Chromium",
  "chromium-wide": "Chromium, wide vectors",
  webgpu: "studio, Node, WebGPU",
  "chromium-webgpu": "studio, Chromium, WebGPU",
  native: "native onnxruntime",
  compiled: "PyTorch compiled",
  torch: "PyTorch eager",
};

export function contenderName(name: ContenderName): string {
  return NAMES[name];
}

export function comparisonPart({ date, rounds, versions, notes, rows, firstImage }: Comparison) {
  const present = (Object.keys(NAMES) as ContenderName[]).filter((name) =>
    rows.some(({ contender }) => contender === name),
  );
  const groups = [...groupBy(rows, ({ work, threads }) => `${work}|${threads}`).values()];
  const body = groups.map((group) => [
    group[0]?.work ?? "",
    String(group[0]?.threads ?? ""),
    ...present.map((name) => cell(group, name)),
    overFastest(group),
  ]);
  const head = ["", "threads", ...present.map((name) => NAMES[name]), "over the fastest PyTorch"];
  return [
    `Measured on ${date}, ${rounds} rounds: ${versions.join("; ")}.`,
    table([head, ...body]),
    ...(firstImage === null ? [] : [firstImageText(firstImage)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}`).join("\n")]),
  ];
}

/** Time, and its ratio to PyTorch eager's in the same rounds. */
function cell(group: readonly Row[], name: ContenderName): string {
  const row = group.find(({ contender }) => contender === name);
  if (row === undefined) return "";
  const time = timeText(spread(row.ms).median);
  const eager = group.find(({ contender }) => contender === "torch");
  if (eager === undefined || eager === row) return time;
  return `${time}, ${ratioText(ratios(row.ms, eager.ms))}`;
}

/** The studio's ratio to that variant of PyTorch whose median is least. */
function overFastest(group: readonly Row[]): string {
  const own = group.find(({ contender }) => contender === "node" || contender === "webgpu");
  const [fastest] = group
    .filter(({ contender }) => contender === "torch" || contender === "compiled")
    .sort((a, b) => spread(a.ms).median - spread(b.ms).median);
  if (own === undefined || fastest === undefined) return "";
  const variant = fastest.contender === "torch" ? "eager" : "compiled";
  return `${ratioText(ratios(own.ms, fastest.ms))}, ${variant}`;
}

function firstImageText({ open, image }: NonNullable<Comparison["firstImage"]>): string {
  const seconds = (ms: readonly number[]): string => (spread(ms).median / 1000).toFixed(1);
  return `A first visit with nothing in the browser's caches: the first step after ${seconds(open)} s, the first image after ${seconds(image)} s (medians of ${image.length}).`;
}
