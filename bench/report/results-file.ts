/** @file This machine's file in bench/results: one section is replaced, the others stay. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
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
  // Files of the first version are replaced.
  const kept = "version" in before ? before : {};
  const results: MachineResults = { ...kept, version: 2, ...thisMachine(), ...sections };
  await mkdir(RESULTS, { recursive: true });
  await write(fileURLToPath(file), results);
  return name;
}

/** Writes a file of its own, which says of this machine what was measured now. */
export function writeAlone(file: string, sections: Partial<MachineResults>): Promise<void> {
  return write(file, { version: 2, ...thisMachine(), ...sections });
}

function thisMachine(): Pick<MachineResults, "cpu" | "cores"> {
  return { cpu: cpus()[0]?.model ?? "unknown CPU", cores: cpus().length };
}

async function write(file: string, results: MachineResults): Promise<void> {
  await writeFile(file, await formatted(JSON.stringify(results, rounded), file));
}

/** As the formatter leaves it. */
async function formatted(json: string, filepath: string): Promise<string> {
  return format(json, { ...(await resolveConfig(filepath)), filepath });
}

/** A clock's last digits say nothing. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(5)) : value;
}
