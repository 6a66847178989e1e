/** @file A peer that is a process: one JSON request a line goes in, one JSON answer a line comes out. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Absent, type Answer, type Peer, peerOf } from "./protocol.ts";

export interface Program {
  /** What people call it, in sentences. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function startProcess({ name, command, args, env }: Program): Promise<Peer | Absent> {
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  failed.catch(() => undefined);
  const answer = async (): Promise<Answer | null> => {
    const line = await Promise.race([lines.next(), failed]);
    return line.done === true ? null : (JSON.parse(line.value) as Answer);
  };
  const ready = await answer().catch(() => null);
  if (ready === null || !("ready" in ready)) {
    const reason = complaint.trim().split("\n").at(-1) ?? "";
    const detail = reason === "" ? "" : ` (${reason})`;
    return { absent: `${name} is not compared: ${command} could not run it${detail}.` };
  }
  return peerOf(
    ready.ready,
    async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const result = await answer();
      if (result !== null) return result;
      throw new Error(`${name} ended: ${complaint}`);
    },
    () =>
      new Promise((resolve) => {
        child.once("close", () => resolve());
        child.stdin.end();
        child.kill();
      }),
  );
}
