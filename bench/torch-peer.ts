/** @file PyTorch as a peer process: the same work on the same threads, or a sentence saying why it is not there. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Work } from "./work.ts";

export interface TorchPeer {
  readonly version: string;
  /** Milliseconds of one run. */
  run(work: Work): Promise<number>;
  close(): void;
}

export interface Absent {
  readonly absent: string;
}

/** Starts Python with torch and diffusers; PYTHON names the interpreter where it is not python3. */
export async function startTorch(config: string, threads: number): Promise<TorchPeer | Absent> {
  const python = process.env["PYTHON"] ?? "python3";
  const script = new URL("torch_peer.py", import.meta.url).pathname;
  const child = spawn(python, [script, config, String(threads)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  });
  let complaint = "";
  child.stderr.on(
    "data",
    (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)),
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => {
    child.on("error", reject);
  });
  const answer = async (): Promise<Record<string, unknown> | null> => {
    const line = await Promise.race([lines.next(), failed]);
    return line.done === true ? null : (JSON.parse(line.value) as Record<string, unknown>);
  };
  const ready = await answer().catch(() => null);
  if (ready === null) {
    const reason = complaint.trim().split("\n").at(-1) ?? "";
    const detail = reason === "" ? "" : ` (${reason})`;
    return {
      absent: `PyTorch is not compared: ${python} with torch and diffusers did not start${detail}.`,
    };
  }
  return {
    version: String(ready["ready"]),
    async run({ batch, kind }) {
      child.stdin.write(`${JSON.stringify({ work: kind, batch })}\n`);
      const result = await answer();
      if (result === null) throw new Error(`the PyTorch peer ended: ${complaint}`);
      return Number(result["ms"]);
    },
    close() {
      child.stdin.end();
      child.kill();
    },
  };
}
