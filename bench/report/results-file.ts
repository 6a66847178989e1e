/** @file This machine's file in bench/results: one section is replaced, the others stay. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { type MachineResults, parseResults } from "./results.ts";

export const RESULTS = new URL("../results/", import.meta.url);

export interface Where {
  /** The most threads that were used. */
  readonly threads: number;
  /** Without wasm, on a machine with a GPU. */
  readonly gpuOnly: boolean;
}

/** @returns the file's name */
export async function writeSections(
  sections: Partial<MachineResults>,
  { threads, gpuOnly }: Where,
): Promise<string> {
  const name = `${process.platform}-${process.arch}-${threads}t${gpuOnly ? "-gpu" : ""}.json`;
  const file = new URL(name, RESULTS);
  const text = await readFile(file, "utf8").catch(() => null);
  const before = text === null ? {} : parseResults(name, text);
  const machine = { cpu: cpus()[0]?.model ?? "unknown CPU", cores: cpus().length };
  // Files of the first version are replaced.
  const kept = "version" in before ? before : {};
  const results: MachineResults = { ...kept, version: 2, ...machine, ...sections };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(file, `${JSON.stringify(results, rounded, 2)}\n`);
  return name;
}

/** A clock's last digits say nothing. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(5)) : value;
}
