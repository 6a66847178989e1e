/** @file What the page's main thread was busy with: Long Tasks as the browser reports them, and tasks by their own CPU time. */
import type { Browser, Page } from "@playwright/test";

/** From here on a task is long (https://www.w3.org/TR/longtasks-1/). */
const LONG = 50;

export interface MainThread {
  /** Tasks of over 50 ms by the wall clock, as PerformanceObserver has them, in ms. */
  readonly reported: readonly number[];
  /** Of all tasks, those that computed for over 50 ms themselves, in ms. */
  readonly computed: readonly number[];
  /** Tasks that were traced. */
  readonly tasks: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the wall clock, and of the thread's own CPU. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/**
 * Watches until the returned function is called. On a machine that trains on every core the system takes the main
 * thread off its core for tens of milliseconds; such a task is long by the wall clock and not by its own time.
 */
export async function watchMainThread(
  browser: Browser,
  page: Page,
): Promise<() => Promise<MainThread>> {
  await page.evaluate(() => {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        performance.measure("long", { start: 0, duration });
    }).observe({ type: "longtask" });
  });
  await browser.startTracing(page, {
    categories: ["toplevel", "disabled-by-default-devtools.timeline"],
  });
  return async () => {
    const trace = JSON.parse((await browser.stopTracing()).toString("utf8")) as {
      readonly traceEvents: readonly TraceEvent[];
    };
    const reported = await page.evaluate(() =>
      performance.getEntriesByName("long", "measure").map(({ duration }) => duration),
    );
    const tasks = tasksOfPages(trace.traceEvents);
    // A task that ran when tracing began or ended may have no CPU time; it counts by the wall clock.
    const computed = tasks.map(({ dur = 0, tdur = dur }) => tdur / 1000);
    return { reported, computed: computed.filter((ms) => ms > LONG), tasks: tasks.length };
  };
}

function tasksOfPages(events: readonly TraceEvent[]): TraceEvent[] {
  const threads = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  return events.filter(
    ({ name, ph, pid, tid }) => ph === "X" && name === "RunTask" && threads.has(`${pid} ${tid}`),
  );
}
