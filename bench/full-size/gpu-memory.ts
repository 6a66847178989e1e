/** @file How much memory of NVIDIA's GPUs is in use, as the driver says, and the most there was meanwhile. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes in use of all GPUs of this machine; null where nobody tells. */
export type UsedMemory = () => Promise<number | null>;

export const nvidiaMemory: UsedMemory = () =>
  new Promise((resolve) => {
    const query = ["--query-gpu=memory.used", "--format=csv,noheader,nounits"];
    execFile("nvidia-smi", query, { timeout: 10_000 }, (error, stdout) => {
      resolve(error === null ? usedBytes(stdout) : null);
    });
  });

/** A line a GPU, each a number of MiB, or "[N/A]". */
export function usedBytes(csv: string): number | null {
  const lines = csv.split("\n").filter((line) => line.trim() !== "");
  const bytes = lines.reduce((sum, line) => sum + Number(line) * 2 ** 20, 0);
  return lines.length > 0 && Number.isFinite(bytes) ? bytes : null;
}

/** A look takes a few hundredths of a second of a processor. */
const PAUSE = 100;

/** Looks again and again, until it is stopped. */
export class MemoryWatch {
  private readonly used: UsedMemory;
  private readonly looking: Promise<void>;
  private most: number | null = null;
  private stopped = false;

  constructor(used: UsedMemory) {
    this.used = used;
    this.looking = this.look();
  }

  private async look(): Promise<void> {
    while (!this.stopped) {
      await this.once();
      // A machine that does not tell will not tell later.
      if (this.most === null) return;
      await sleep(PAUSE);
    }
  }

  private async once(): Promise<void> {
    const now = await this.used();
    if (now !== null) this.most = Math.max(this.most ?? 0, now);
  }

  /** The most since the last time it was asked, or since it began. */
  async mostSoFar(): Promise<number | null> {
    await this.once();
    const { most } = this;
    this.most = most === null ? null : 0;
    return most;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking;
  }
}
