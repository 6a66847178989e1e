/** @file Lets something happen at most once every so often: telemetry that people look at needs no more. */
export class Throttle {
  private last = -Infinity;
  private readonly milliseconds: number;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }

  /** Whether it is time again; the next time counts from now. */
  due(now = performance.now()): boolean {
    if (now - this.last < this.milliseconds) return false;
    this.last = now;
    return true;
  }
}
