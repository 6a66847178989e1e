/** @file Times between successive marks that nothing else comes between: how fast the machine is at one kind of work. */
const KEPT = 32;

export class Intervals {
  private last: number | null = null;
  private readonly times: number[] = [];

  mark(): void {
    const now = performance.now();
    if (this.last !== null) this.add(now - this.last);
    this.last = now;
  }

  /** Other work came between: the time until the next mark does not count. */
  restart(): void {
    this.last = null;
  }

  /** One that was measured elsewhere. */
  add(milliseconds: number): void {
    this.times.push(milliseconds);
    if (this.times.length > KEPT) this.times.shift();
  }

  /** Median of the last times, in milliseconds; null while there is none. */
  get median(): number | null {
    return this.times.toSorted((a, b) => a - b)[Math.floor(this.times.length / 2)] ?? null;
  }
}
