/** @file What is asked of whoever computes, one request after the other, and what the answers are. */
import type { WorkSpec } from "../work/spec.ts";

export type Request =
  /** Make what the work needs. */
  | { readonly open: WorkSpec }
  /** Do it once. */
  | { readonly run: true }
  | { readonly release: true };

export type Answer =
  /** Who it is: versions. */
  | { readonly ready: string }
  | { readonly done: true }
  | Ran
  /** It cannot, and why: one sentence. */
  | { readonly absent: string };

/** A run. */
export interface Ran {
  readonly ms: number;
  /** The most bytes that its own allocator gave out of a GPU's memory at a time since the work was opened, where it counts. */
  readonly allocated?: number;
}

/** Somebody who does the work: a process, or a page. */
export interface Peer {
  /** Versions. */
  readonly about: string;
  /** Null, or the sentence that says why it cannot. */
  open(work: WorkSpec): Promise<string | null>;
  /** One run. */
  run(): Promise<Ran>;
  release(): Promise<void>;
  close(): Promise<void>;
}

/** Sentence that says why somebody is missing. */
export interface Absent {
  readonly absent: string;
}

/** A peer, from a way to put requests to it. */
export function peerOf(
  about: string,
  ask: (request: Request) => Promise<Answer>,
  close: () => Promise<void>,
): Peer {
  return {
    about,
    async open(work) {
      const answer = await ask({ open: work });
      return "absent" in answer ? answer.absent : null;
    },
    async run() {
      const answer = await ask({ run: true });
      if ("ms" in answer) return answer;
      throw new Error(`${about} gave no time: ${JSON.stringify(answer)}`);
    },
    async release() {
      await ask({ release: true });
    },
    close,
  };
}
