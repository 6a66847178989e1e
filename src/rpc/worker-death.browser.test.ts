/** @file Real workers that die in the ways workers die. */
import { describe, expect, it } from "vitest";
import { workerDeath } from "./worker-death.ts";

/** A worker that declares itself alive, then does what it is told. */
function startWorker(): Worker {
  const library = new URL("./worker-death.ts", import.meta.url).href;
  const source = `
    import { declareAlive } from ${JSON.stringify(library)};
    declareAlive((message) => postMessage(message));
    onmessage = ({ data }) => {
      if (data === "close") close();
      if (data === "throw") setTimeout(() => { throw new Error("boom"); });
    };
    postMessage("loaded");`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return new Worker(url, { type: "module" });
}

async function untilAlive(worker: Worker): Promise<void> {
  await new Promise<void>((resolve) => {
    worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "object") resolve();
    });
  });
}

describe("workerDeath", () => {
  it("hears of a worker that ends without a word", async () => {
    const worker = startWorker();
    const death = workerDeath(worker, new AbortController().signal);
    await untilAlive(worker);
    worker.postMessage("close");
    expect(await death).toMatchObject({ code: "engine-stopped" });
    expect((await death).message).toContain("without a word");
  });

  it("hears of an error that nobody caught, with its message", async () => {
    const worker = startWorker();
    const death = workerDeath(worker, new AbortController().signal);
    await untilAlive(worker);
    worker.addEventListener("error", (event) => event.preventDefault());
    worker.postMessage("throw");
    expect((await death).message).toContain("boom");
    worker.terminate();
  });

  it("says nothing where the page itself ends the worker", async () => {
    const worker = startWorker();
    const ended = new AbortController();
    let heard = false;
    void workerDeath(worker, ended.signal).then(() => (heard = true));
    await untilAlive(worker);
    ended.abort();
    worker.terminate();
    // A lock that another worker takes afterwards shows that the browser has had its time.
    const next = startWorker();
    const nextDeath = workerDeath(next, new AbortController().signal);
    await untilAlive(next);
    next.postMessage("close");
    await nextDeath;
    expect(heard).toBe(false);
  });
});
