/** @file Runs the command line as a person does, in a process of its own. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nanoFileMap } from "./nano-files.ts";

const root = new URL("../../", import.meta.url).pathname;

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ARGUMENTS = ["--import", "tsx", "src/cli/main.ts"];

/** Generated regularisation images of tests stay out of the user's cache. */
function environment(cache?: string): NodeJS.ProcessEnv {
  return cache === undefined ? process.env : { ...process.env, STUDIO_CACHE: cache };
}

export function cli(parameters: readonly string[], cache?: string): Outcome {
  return spawnSync(process.execPath, [...ARGUMENTS, ...parameters], {
    cwd: root,
    encoding: "utf8",
    env: environment(cache),
  });
}

/** Runs it and sends a signal once stderr says `when`. */
export function interruptedCli(parameters: readonly string[], when: RegExp): Promise<Outcome> {
  return cliMeanwhile(parameters, { interruptAt: (stderr) => when.test(stderr) });
}

/** Runs it while this process does other things, such as answering it as a server. */
export function cliMeanwhile(
  parameters: readonly string[],
  {
    env = process.env,
    interruptAt = () => false,
  }: {
    readonly env?: NodeJS.ProcessEnv;
    /** Asked often: whether it is time for Ctrl-C. */
    readonly interruptAt?: (stderr: string) => boolean;
  } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...ARGUMENTS, ...parameters], { cwd: root, env });
    let [stdout, stderr, sent] = ["", "", false];
    const look = (): void => {
      if (sent || !interruptAt(stderr)) return;
      sent = true;
      child.kill("SIGINT");
    };
    const looking = setInterval(look, 20);
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      look();
    });
    child.on("close", (status) => {
      clearInterval(looking);
      resolve({ status, stdout, stderr });
    });
  });
}

/** The nano model as a folder on disk. */
export async function writeNanoFolder(folder: string): Promise<string> {
  for (const [name, bytes] of await nanoFileMap("dynamo")) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  return folder;
}
