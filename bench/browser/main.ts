/** @file The bench's page: passes what it is asked on to a worker that has the studio's engine. */
import type { Answer, Request } from "../peers/protocol.ts";
import type { Start } from "./bench.worker.ts";

declare global {
  /** Asks the worker; one question at a time. */
  var askBench: (request: Request | Start) => Promise<Answer>;
}

const worker = new Worker(new URL("bench.worker.ts", import.meta.url), { type: "module" });

globalThis.askBench = (request) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(request);
  });
