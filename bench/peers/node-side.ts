/**
 * @file The studio's engine in a Node process of its own: one request a line on stdin, one answer a line on stdout.
 * The number of threads and what is left out of the WebAssembly are a process's for good, hence one for each.
 */
import { createInterface } from "node:readline";
import { optimisationsWithout } from "../../src/core/optimisations.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../../src/engine/ort/runtime-node.ts";
import { folderFiles } from "../../src/hub/folder-files.ts";
import { openWork } from "../work/own-work.ts";
import { ownSide } from "./own-side.ts";
import type { Request } from "./protocol.ts";

const [model = "", backend, threads, without = ""] = process.argv.slice(2);
const optimisations = optimisationsWithout(without);
const { runtime, release } =
  backend === "webgpu"
    ? await nodeWebGpuRuntime(optimisations)
    : { runtime: nodeRuntime(Number(threads), optimisations), release: () => undefined };
const host = { runtime, files: folderFiles(model) };
const answer = ownSide((work) => openWork(work, host));

const say = (line: object): void => console.log(JSON.stringify(line));
say({ ready: `Node ${process.versions.node}` });
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(JSON.parse(line) as Request));
}
release();
