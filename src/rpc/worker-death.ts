/** @file Learning that a worker is dead, however it died: browsers tell of errors, and of nothing else. */
import { StudioError } from "../core/errors.ts";

/** What a worker that uses `declareAlive` says once it holds its lock. */
const ALIVE = "worker-alive";

function isAliveMessage(data: unknown): data is { readonly [ALIVE]: string } {
  return typeof data === "object" && data !== null && ALIVE in data;
}

/**
 * Called in the worker. It holds a lock for as long as it lives; the browser gives the lock back whatever ends it (a
 * tab's memory that ran out, `close()`), and whoever waits for the lock knows.
 */
export function declareAlive(post: (message: unknown) => void): void {
  if (!("locks" in navigator)) return;
  const name = `alive-${crypto.randomUUID()}`;
  void navigator.locks.request(name, () => {
    post({ [ALIVE]: name });
    return new Promise(() => undefined);
  });
}

/**
 * Called on the page: resolves once the worker is dead, or has thrown something that nobody caught, after which nobody
 * knows what state it is in.
 * @param ended aborted where the page ends the worker itself; the promise then stays as it is
 */
export function workerDeath(worker: Worker, ended: AbortSignal): Promise<StudioError> {
  return new Promise((resolve) => {
    const stopped = (detail: string): void => {
      if (!ended.aborted) {
        resolve(new StudioError("engine-stopped", `The engine stopped (${detail}).`));
      }
    };
    const signal = ended;
    worker.addEventListener(
      "error",
      (event) => stopped(event.message === "" ? "it could not be loaded" : event.message),
      { signal },
    );
    worker.addEventListener("messageerror", () => stopped("a message could not be read"), {
      signal,
    });
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<unknown>) => {
        if (!isAliveMessage(data)) return;
        navigator.locks
          .request(data[ALIVE], { signal }, () =>
            stopped("it ended without a word; perhaps memory ran out"),
          )
          .catch(() => undefined);
      },
      { signal },
    );
  });
}
