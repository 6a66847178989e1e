/**
 * @file `npm run bench`: forward and training step of the default model on wasm beside PyTorch eager, on equal
 * threads, interleaved round by round, medians with spread. Options: --rounds N, --threads N, --batch N.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { startTorch } from "./torch-peer.ts";
import { MODEL, prepare, type Work } from "./work.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    threads: { type: "string", default: String(Math.min(8, availableParallelism())) },
    batch: { type: "string", default: "4" },
  },
});
const rounds = positive("rounds", values.rounds);
const threads = positive("threads", values.threads);
const batch = positive("batch", values.batch);

interface Row {
  readonly work: Work;
  readonly nodes: number;
  readonly wasm: Spread;
  readonly torch: Spread | null;
  /** wasm over PyTorch, of times in the same round. */
  readonly ratio: Spread | null;
}

const runtime = nodeRuntime(threads);
const torch = await startTorch(`${MODEL}/unet/config.json`, threads);
const peer = "absent" in torch ? null : torch;
console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${threads} threads, batch ${batch}, ${rounds} rounds`,
);
console.log("absent" in torch ? torch.absent : `beside ${torch.version} eager, interleaved`);

const rows: Row[] = [];
for (const kind of ["forward", "step"] as const) {
  const work: Work = { kind, batch };
  const measured = await prepare(runtime, work);
  // One round unmeasured: caches, thread pools, memory.
  await measured.run();
  await peer?.run(work);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await measured.run());
    await settle();
    if (peer !== null) theirs.push(await peer.run(work));
    await settle();
  }
  await measured.release();
  const row: Row = {
    work,
    nodes: measured.nodes,
    wasm: spread(ours),
    torch: peer === null ? null : spread(theirs),
    ratio: peer === null ? null : ratios(ours, theirs),
  };
  rows.push(row);
  const name = kind === "forward" ? "forward" : "forward + backward";
  const compared =
    row.torch === null || row.ratio === null
      ? ""
      : `   PyTorch ${show(row.torch, 0)} ms   ratio ${show(row.ratio, 2)}`;
  console.log(`${name.padEnd(19)} wasm ${show(row.wasm, 0)} ms${compared}   (${row.nodes} nodes)`);
}
peer?.close();

const folder = new URL("results/", import.meta.url);
await mkdir(folder, { recursive: true });
const machine = `${process.platform}-${process.arch}-${threads}t`;
const report = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model,
  threads,
  rounds,
  torch: peer?.version ?? null,
  rows,
};
await writeFile(new URL(`${machine}.json`, folder), `${JSON.stringify(report, null, 2)}\n`);
console.log(`written to bench/results/${machine}.json`);

/** Thread pools go on spinning for a while after a run, on the cores that the other side is about to use. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

function show({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  console.error(`--${name} must be a whole number above 0, not "${text}".`);
  process.exit(2);
}
