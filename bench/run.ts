/**
 * @file `npm run bench`: forward, training step, image and decoding of the default model on wasm, and on WebGPU where
 * there is an adapter, beside PyTorch eager on wasm's threads; interleaved round by round, medians with spread.
 * Options: --rounds N, --threads N, --backend auto|wasm|webgpu, --only PART_OF_A_NAME, --quick;
 * on a machine with a GPU of its own, --gpu-only and --torch-device cuda --torch-dtype float32|float16.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { EVERY_OPTIMISATION } from "../src/core/optimisations.ts";
import { StudioError } from "../src/core/errors.ts";
import { type Backends, openBackends } from "./backends.ts";
import { measure, type Row } from "./measure.ts";
import { FIRST_IMAGE, type FirstImage, measureFirstImage } from "./first-image.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import type { Spread } from "./statistics.ts";
import { startTorch } from "./torch-peer.ts";
import { allWork, MODEL, openModel, type Work } from "./work.ts";

interface Report {
  readonly date: string;
  readonly cpu: string;
  readonly threads: number;
  readonly rounds: number;
  readonly webgpu: Backends["webgpu"];
  /** Versions of PyTorch and diffusers. */
  readonly torch: string | null;
  readonly rows: readonly Row[];
  /** In Chromium, on whatever the studio chooses there. */
  readonly firstImage: FirstImage | null;
}

try {
  await bench(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function bench(options: BenchOptions): Promise<void> {
  const { threads, rounds, quick } = options;
  const works = chosenWork(options);
  const firstImage =
    FIRST_IMAGE.includes(options.only) && !options.gpuOnly ? await reportFirstImage(options) : null;
  if (works.length === 0) return;
  const { runtimes, webgpu, reason, release } = await openBackends(options);
  const cpu = cpus()[0]?.model ?? "unknown CPU";
  console.log(`${cpu}, ${threads} threads, ${rounds} rounds\n${reason}`);
  const torch = await startTorch(MODEL, {
    threads,
    device: options.torchDevice,
    dtype: options.torchDtype,
  });
  const peer = "absent" in torch ? null : torch;
  console.log("absent" in torch ? torch.absent : `beside ${torch.version} eager, interleaved`);

  const rows: Row[] = [];
  try {
    const model = await openModel(options.optimisations);
    for (const work of works) {
      const measured = await measure(work, { model, runtimes, peer, rounds });
      for (const row of measured) console.log(line(row));
      rows.push(...measured);
    }
  } finally {
    peer?.close();
    release();
  }
  if (quick || options.only !== "" || options.optimisations.size < EVERY_OPTIMISATION.size) {
    console.log("not written to bench/results, where only whole runs go");
    return;
  }
  const date = new Date().toISOString().slice(0, 10);
  await write({
    date,
    cpu,
    threads,
    rounds,
    webgpu,
    torch: peer?.version ?? null,
    rows,
    firstImage,
  });
}

function chosenWork({ only, quick }: BenchOptions): readonly Work[] {
  const works = allWork(quick ? 4 : 20);
  const chosen = works.filter(({ name }) => name.includes(only));
  if (chosen.length > 0 || FIRST_IMAGE.includes(only)) return chosen;
  const names = [...works.map(({ name }) => name), FIRST_IMAGE]
    .map((name) => `"${name}"`)
    .join(", ");
  throw new StudioError(
    "invalid-input",
    `--only must be part of a row's name, one of ${names}, not "${only}".`,
  );
}

/** A cold start is slow, and three of them say enough. */
async function reportFirstImage({ rounds, quick }: BenchOptions): Promise<FirstImage> {
  const times = await measureFirstImage(quick ? 1 : Math.min(3, rounds));
  const { open, image } = times;
  console.log(`${FIRST_IMAGE}: ${show(image, 0)} ms, first step after ${show(open, 0)} ms`);
  return times;
}

function line({ name, backend, ours, torch, ratio }: Row): string {
  const own = `${name.padEnd(22)} ${backend.padEnd(6)} ${show(ours, 0)} ms`;
  if (torch === null || ratio === null) return own;
  return `${own}   PyTorch ${show(torch, 0)} ms   ratio ${show(ratio, 2)}`;
}

function show({ median, low, high }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

async function write(report: Report): Promise<void> {
  const folder = new URL("results/", import.meta.url);
  const file = `${process.platform}-${process.arch}-${report.threads}t.json`;
  // A clock's last digits say nothing.
  const rounded = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(5)) : value;
  await mkdir(folder, { recursive: true });
  await writeFile(new URL(file, folder), `${JSON.stringify(report, rounded, 2)}\n`);
  console.log(`written to bench/results/${file}`);
}
