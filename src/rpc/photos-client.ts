/** @file The page's end of the photos worker, which is there only while there are photos to decode. */
import { releaseProxy, type Remote, wrap } from "comlink";
import { StudioError } from "../core/errors.ts";
import type { PhotosApi } from "./photos-contract.ts";
import { installErrorTransfer } from "./transfer.ts";

installErrorTransfer();

/** Long enough to look at a photo and adjust its crop without decoding it again. */
const IDLE_MILLISECONDS = 30_000;

interface Running {
  readonly remote: Remote<PhotosApi>;
  readonly crash: Promise<never>;
  readonly end: () => void;
}

/**
 * Photos, decoded in a worker that starts with the first call and ends when it has been idle: a decoder's memory never
 * shrinks. A call made while the worker dies rejects, and the next one starts another.
 */
export function createPhotosClient(): PhotosApi {
  let running: Running | null = null;
  let calls = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;

  const call = async <T>(action: (remote: Remote<PhotosApi>) => Promise<T>): Promise<T> => {
    clearTimeout(idle);
    calls++;
    const own = (running ??= start());
    try {
      return await Promise.race([action(own.remote), own.crash]);
    } finally {
      calls--;
      if (calls === 0) {
        idle = setTimeout(() => {
          running?.end();
          running = null;
        }, IDLE_MILLISECONDS);
      }
    }
  };

  const start = (): Running => {
    const worker = new Worker(new URL("../../workers/photos.worker.ts", import.meta.url), {
      type: "module",
      name: "photos",
    });
    const remote = wrap<PhotosApi>(worker);
    const end = (): void => {
      remote[releaseProxy]();
      worker.terminate();
    };
    const crash = new Promise<never>((_, reject) => {
      const report = (): void => {
        running = null;
        end();
        reject(
          new StudioError(
            "internal",
            "Reading photos stopped, perhaps for want of memory. Try again with fewer or smaller photos.",
          ),
        );
      };
      worker.addEventListener("error", report);
      worker.addEventListener("messageerror", report);
    });
    // Without a call under way nobody waits for the crash.
    crash.catch(() => undefined);
    return { remote, crash, end };
  };

  return {
    openPhoto: (file, name) => call((remote) => remote.openPhoto(file, name)),
    squarePng: (file, name, square, size) =>
      call((remote) => remote.squarePng(file, name, square, size)),
  };
}
