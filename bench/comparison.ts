/** @file The comparison: every row by everybody, with every number of threads, and from a cold start to a first image. */
import { StudioError } from "../src/core/errors.ts";
import { chooseBackend } from "../src/engine/backend.ts";
import { findAdapter } from "../src/engine/ort/find-adapter-node.ts";
import { type Contender, CONTENDERS, type ContenderName, gather } from "./contenders.ts";
import { FIRST_IMAGE, measureFirstImage } from "./first-image.ts";
import { measureFloor } from "./floor.ts";
import { measure } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import type { Comparison, Floor, MachineResults } from "./report/results.ts";
import { lines, today } from "./show.ts";
import { comparedWork, type NamedWork } from "./work/spec.ts";

export async function compare(options: BenchOptions): Promise<Partial<MachineResults>> {
  const { rounds, threads, quick, only, gpuOnly } = options;
  const works = chosenWork(options);
  const cold = FIRST_IMAGE.includes(only) && !gpuOnly && !options.skip.has("chromium");
  // A cold start is slow, and three of them say enough.
  const firstImage = cold ? await measureFirstImage(quick ? 1 : Math.min(3, rounds)) : null;
  if (firstImage !== null) console.log(lines.firstImage(firstImage));
  if (works.length === 0) return {};
  const names = await wanted(options);
  const { contenders, notes, close } = await gather({ names, threads, torch: options.torch });
  const said = new Set(notes);
  for (const name of options.skip) said.add(`${name} was left out (--skip).`);
  for (const note of said) console.log(note);
  const versions = [...new Set(contenders.map(({ peer }) => peer.about))];
  console.log(`${versions.join("; ")}; ${threads.join(", ")} threads, ${rounds} rounds`);
  const rows: Comparison["rows"] = [];
  try {
    for (const { name, spec, rounds: share } of works) {
      const { measured, refused } = await measure(spec, contenders, share(rounds));
      for (const { by, reason } of refused) said.add(noteOf(by, name, reason));
      const own = measured.map(({ by, ms }) => ({
        work: name,
        contender: by.name,
        threads: by.threads,
        ms: [...ms],
      }));
      for (const line of lines.rows(own)) console.log(line);
      rows.push(...own);
    }
  } finally {
    await close();
  }
  const date = today();
  const comparison = { date, rounds, versions, notes: [...said], rows, firstImage };
  const floor = gpuOnly || only !== "" ? null : await floorOf(options, rows);
  return { comparison, ...(floor === null ? {} : { floor }) };
}

function noteOf({ name }: Contender, work: string, reason: string): string {
  return `${name}, ${work}: ${reason}`;
}

/** Everybody who is not skipped; WebGPU where there is an adapter that is worth it, or it is asked for. */
async function wanted({ backend, gpuOnly, skip }: BenchOptions): Promise<ContenderName[]> {
  const { chosen, reason } = chooseBackend(backend, {
    host: "machine",
    adapter: backend === "wasm" ? null : await findAdapter(),
    crossOriginIsolated: true,
    cores: 1,
  });
  if (chosen === "wasm" && gpuOnly) {
    throw new StudioError("backend-unavailable", `--gpu-only measures nothing: ${reason}`);
  }
  const onGpu: readonly ContenderName[] = ["webgpu", "chromium-webgpu", "torch", "compiled"];
  return CONTENDERS.filter((name) => {
    if (skip.has(name) || (name.endsWith("webgpu") && chosen === "wasm")) return false;
    return !gpuOnly || onGpu.includes(name);
  });
}

function chosenWork({ only, quick }: BenchOptions): readonly NamedWork[] {
  const works = comparedWork(quick ? 4 : 20);
  const chosen = works.filter(({ name }) => name.includes(only));
  if (chosen.length > 0 || FIRST_IMAGE.includes(only)) return chosen;
  const names = [...works.map(({ name }) => name), FIRST_IMAGE].map((name) => `"${name}"`);
  throw new StudioError(
    "invalid-input",
    `--only must be part of a row's name, one of ${names.join(", ")}, not "${only}".`,
  );
}

/** Beside the times of the same run; null where wasm or PyTorch was not in it. */
async function floorOf(
  { threads, rounds }: BenchOptions,
  rows: Comparison["rows"],
): Promise<Floor | null> {
  const most = Math.max(...threads);
  const basis = await measureFloor(most, rounds);
  const timesOf = (work: string, contender: ContenderName): number[] | undefined =>
    rows.find((r) => r.work === work && r.contender === contender && r.threads === most)?.ms;
  const work = basis.work.flatMap((counted) => {
    const torchMs = timesOf(counted.name, "torch");
    const ownMs = timesOf(counted.name, "node");
    return torchMs === undefined || ownMs === undefined ? [] : [{ ...counted, torchMs, ownMs }];
  });
  if (work.length === 0) return null;
  return { date: today(), rounds, threads: most, work, rates: basis.rates };
}
