/** @file Progress of long work on stderr: what is being done, how far it is, how long it will take. */

/** Milliseconds between lines on a terminal, which are overwritten, and elsewhere, where they stay. */
const TERMINAL_INTERVAL = 200;
const LOG_INTERVAL = 10_000;

/**
 * Work is counted in units of one kind (passes of the UNet), so that the time left covers stages that have not
 * begun: seconds a unit so far, times the units to come.
 */
export class Progress {
  private readonly total: number;
  private readonly start = performance.now();
  private done = 0;
  private last = 0;
  private open = false;

  constructor(total: number) {
    this.total = total;
  }

  /** Counts `units` more and says where things stand. */
  advance(units: number, stage: string): void {
    this.done += units;
    const now = performance.now();
    const terminal = process.stderr.isTTY;
    const interval = terminal ? TERMINAL_INTERVAL : LOG_INTERVAL;
    if (now - this.last < interval && this.done < this.total) return;
    this.last = now;
    const text = `${stage}${this.left(now)}`;
    if (terminal) {
      process.stderr.write(`\r\u001b[2K${text}`);
      this.open = true;
    } else process.stderr.write(`${text}\n`);
  }

  /** A line of its own. */
  say(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }

  /** Leaves the line that was being overwritten. */
  end(): void {
    if (this.open) process.stderr.write("\n");
    this.open = false;
  }

  private left(now: number): string {
    if (this.done === 0 || this.done >= this.total) return "";
    const seconds = ((now - this.start) / 1000 / this.done) * (this.total - this.done);
    return `, ${duration(seconds)} left`;
  }
}

/** "45 s", "3 min 20 s", "1 h 05 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
