/** @file One full-size work by the studio and PyTorch: how long opening took, what memory each took, and times in turns. */
import type { ContenderName } from "../contenders.ts";
import { settle } from "../measure.ts";
import type { Absent, Peer } from "../peers/protocol.ts";
import type { FullSizeResults } from "../report/results.ts";
import { MemoryWatch, type UsedMemory } from "./gpu-memory.ts";
import type { PlannedWork } from "./planned-work.ts";

type Row = FullSizeResults["rows"][number];

export interface FullSizeContender {
  readonly name: ContenderName;
  /** What it computes in. */
  readonly precision: string;
  /** Bytes that it says it takes, where it does not count them. */
  readonly plannedBytes: number | null;
  start(): Promise<Peer | Absent>;
}

export interface MeasuredWork {
  readonly rows: readonly Row[];
  readonly versions: readonly string[];
  /** Why somebody is missing. */
  readonly notes: readonly string[];
}

/** Code is compiled in the first, and launches recorded; the second is like all others. */
const WARM_UPS = 2;

interface Opened {
  readonly peer: Peer;
  readonly row: Row;
}

/** Each opens and warms up with the others idle, so that what memory is taken meanwhile is its own. */
export async function measureWork(
  { name, spec }: Pick<PlannedWork, "name" | "spec">,
  contenders: readonly FullSizeContender[],
  rounds: number,
  used: UsedMemory,
): Promise<MeasuredWork> {
  const opened: Opened[] = [];
  const notes: string[] = [];
  try {
    for (const contender of contenders) {
      const before = await used();
      const peer = await contender.start();
      if ("absent" in peer) {
        notes.push(peer.absent);
        continue;
      }
      try {
        const row = await open(peer, contender, { name, spec }, { used, before });
        if (typeof row === "string") notes.push(`${contender.name}, ${name}: ${row}`);
        else opened.push({ peer, row });
      } catch (error) {
        notes.push(`${contender.name}, ${name}: ${reasonOf(error)}`);
      }
      if (opened.at(-1)?.peer !== peer) await peer.close();
    }
    for (let round = 0; round < rounds; round++) {
      for (const one of opened.slice()) {
        try {
          one.row.ms.push((await one.peer.run()).ms);
        } catch (error) {
          // Whoever ends on the way is left out, and the other goes on.
          opened.splice(opened.indexOf(one), 1);
          notes.push(`${one.row.contender}, ${name}: ${reasonOf(error)}`);
          await one.peer.close();
        }
        await settle();
      }
    }
    for (const { peer } of opened) await peer.release();
  } finally {
    for (const { peer } of opened) await peer.close();
  }
  const versions = opened.map(({ peer }) => peer.about);
  return { rows: opened.map(({ row }) => row), versions, notes };
}

/** A row without its times yet, or the sentence that says why it cannot be. */
async function open(
  peer: Peer,
  { name: contender, precision, plannedBytes }: FullSizeContender,
  { name: work, spec }: Pick<PlannedWork, "name" | "spec">,
  { used, before }: { readonly used: UsedMemory; readonly before: number | null },
): Promise<Row | string> {
  const more = (most: number | null): number | null =>
    most === null || before === null || most <= before ? null : most - before;
  const watch = new MemoryWatch(used);
  try {
    const start = performance.now();
    const reason = await peer.open(spec);
    if (reason !== null) return reason;
    let ran = await peer.run();
    const openMs = performance.now() - start;
    const openingBytes = more(await watch.mostSoFar());
    for (let run = 1; run < WARM_UPS; run++) ran = await peer.run();
    const runningBytes = more(await watch.mostSoFar());
    const ownBytes = ran.allocated ?? plannedBytes;
    return { work, contender, precision, ms: [], openMs, ownBytes, openingBytes, runningBytes };
  } finally {
    await watch.stop();
  }
}

/** The last line that names an error of what may be a hundred lines, or else the last: a program's own last word. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n");
  const named = lines.findLast((line) => /Error\b/.test(line) && !/^\s+at /.test(line));
  return (named ?? lines.at(-1) ?? "").trim().slice(0, 300);
}
