/** @file The jobs that wait or run, by id, and what was asked of them meanwhile. */
import { StudioError } from "../../core/errors.ts";
import type { JobId } from "../../rpc/contracts.ts";

export interface JobControls {
  readonly signal: AbortSignal;
  /** Whether somebody asked for a checkpoint since it was last asked. */
  readonly wantsCheckpoint: () => boolean;
}

export class Jobs {
  private readonly known = new Map<JobId, { controller: AbortController; checkpoint: boolean }>();

  async run<T>(id: JobId, task: (controls: JobControls) => Promise<T>): Promise<T> {
    if (this.known.has(id)) {
      throw new StudioError("invalid-input", "This job is under way already.");
    }
    const job = { controller: new AbortController(), checkpoint: false };
    this.known.set(id, job);
    const wantsCheckpoint = (): boolean => {
      const asked = job.checkpoint;
      job.checkpoint = false;
      return asked;
    };
    try {
      return await task({ signal: job.controller.signal, wantsCheckpoint });
    } finally {
      this.known.delete(id);
    }
  }

  /** Nothing happens where there is no such job: it may just have ended. */
  stop(id: JobId): void {
    this.known.get(id)?.controller.abort();
  }

  askForCheckpoint(id: JobId): void {
    const job = this.known.get(id);
    if (job !== undefined) job.checkpoint = true;
  }
}
