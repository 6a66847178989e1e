/**
 * @file Where the time of a step goes, for the developer's page: sections by this thread's clock, and by the GPU's where
 * it has one. The GPU is timed only as long as somebody looks.
 */
import type { Breakdown } from "../rpc/contracts.ts";
import { GpuClock } from "./gpu-clock.ts";

/** Milliseconds that one look lasts. */
const LOOK = 5000;

export class Timings {
  readonly clock: GpuClock | null;
  private readonly sections = new Map<string, number>();
  private last: Breakdown | null = null;
  private watchedUntil = -Infinity;

  constructor(device: GPUDevice | null) {
    this.clock = GpuClock.of(device);
  }

  /** Times what the work waits for; on a GPU that may be no more than the launches. */
  async measure<T>(section: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    if (this.clock !== null) this.clock.section = section;
    try {
      return await work();
    } finally {
      const milliseconds = performance.now() - start;
      this.sections.set(section, (this.sections.get(section) ?? 0) + milliseconds);
    }
  }

  /** Ends `count` steps that took so long together; the next ones begin. */
  async over(what: Breakdown["what"], milliseconds: number, count = 1): Promise<void> {
    const here = new Map(this.sections);
    this.sections.clear();
    const watched = performance.now() < this.watchedUntil;
    const timed = this.clock?.isRunning === true ? await this.clock.read() : null;
    if (watched) this.clock?.start();
    else this.clock?.stop();
    if (!watched) return;
    const names = new Set([...here.keys(), ...(timed?.keys() ?? [])]);
    const share = (sum: number | undefined): number | null =>
      sum === undefined ? null : sum / count;
    this.last = {
      what,
      milliseconds: milliseconds / count,
      sections: [...names].map((name) => ({
        name,
        milliseconds: share(here.get(name)),
        gpuMilliseconds: share(timed?.get(name)),
      })),
    };
  }

  /** Looks: what is known of the last step, and what comes in the next seconds is measured. */
  look(): Breakdown | null {
    this.watchedUntil = performance.now() + LOOK;
    return this.last;
  }
}
