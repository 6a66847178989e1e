/** @file Answers requests with the studio's own engine; the same in a Node process and in a browser's worker. */
import { StudioError } from "../../src/core/errors.ts";
import type { OpenedWork } from "../work/own-work.ts";
import type { WorkSpec } from "../work/spec.ts";
import type { Answer, Request } from "./protocol.ts";

/** @param open makes what a work needs */
export function ownSide(
  open: (work: WorkSpec) => Promise<OpenedWork>,
): (request: Request) => Promise<Answer> {
  let opened: OpenedWork | null = null;
  return async (request) => {
    if ("open" in request) {
      try {
        opened = await open(request.open);
      } catch (error) {
        if (error instanceof StudioError) return { absent: error.message };
        throw error;
      }
      return { done: true };
    }
    if ("run" in request) {
      const start = performance.now();
      await opened?.run();
      return { ms: performance.now() - start };
    }
    await opened?.release();
    opened = null;
    return { done: true };
  };
}
