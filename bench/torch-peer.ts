/** @file PyTorch as a peer process: the same work on the same threads, or a sentence saying why it is not there. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TorchRequest } from "./work.ts";

export interface TorchPeer {
  readonly version: string;
  /** Milliseconds of one run. */
  run(request: TorchRequest): Promise<number>;
  close(): void;
}

export interface Absent {
  readonly absent: string;
}

export interface TorchOptions {
  readonly threads: number;
  readonly device: "cpu" | "cuda";
  readonly dtype: "float32" | "float16";
}

/**
 * Starts Python with torch, diffusers and transformers; PYTHON names the interpreter where it is not python3.
 * @param model folder whose configuration files say how large everything is
 */
export async function startTorch(
  model: string,
  { threads, device, dtype }: TorchOptions,
): Promise<TorchPeer | Absent> {
  const python = process.env["PYTHON"] ?? "python3";
  const script = fileURLToPath(new URL("torch_peer.py", import.meta.url));
  const child = spawn(python, [script, model, String(threads), device, dtype], {
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
      absent: `PyTorch is not compared: ${python} with torch, diffusers and transformers did not start${detail}.`,
    };
  }
  return {
    version: String(ready["ready"]),
    async run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
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
