/** @file Full-size work in turns: warm-ups not counted, memory as more than there was, and who cannot in a note. */
import { expect, it } from "vitest";
import type { Peer, Ran } from "../peers/protocol.ts";
import type { FullSizeContender } from "./measure-work.ts";
import { measureWork } from "./measure-work.ts";

const WORK = {
  name: "forward, batch 1",
  spec: { work: "forward", batch: 1 },
} as const;

/** @param run what the n-th run gives */
function contender(
  name: "webgpu" | "torch",
  closed: string[],
  run: (n: number) => Ran,
  onOpen: () => void = () => undefined,
): FullSizeContender {
  let runs = 0;
  const peer: Peer = {
    about: `${name} 1`,
    open: () => {
      onOpen();
      return Promise.resolve(null);
    },
    run: () => new Promise((resolve) => resolve(run(++runs))),
    release: () => Promise.resolve(),
    close: () => {
      closed.push(name);
      return Promise.resolve();
    },
  };
  return { name, precision: "float16", plannedBytes: 700, start: () => Promise.resolve(peer) };
}

it("counts no warm-ups, and of memory what is more than before each began", async () => {
  const closed: string[] = [];
  let inUse = 1000;
  const own = contender(
    "webgpu",
    closed,
    (n) => ({ ms: n }),
    () => (inUse += 800),
  );
  const torch = contender(
    "torch",
    closed,
    (n) => ({ ms: 10 * n, allocated: 450 }),
    () => (inUse += 500),
  );
  const measured = await measureWork(WORK, [own, torch], 2, () => Promise.resolve(inUse));
  expect(measured.notes).toEqual([]);
  expect(measured.versions).toEqual(["webgpu 1", "torch 1"]);
  expect(measured.rows).toMatchObject([
    { contender: "webgpu", ms: [3, 4], ownBytes: 700, openingBytes: 800, runningBytes: 800 },
    { contender: "torch", ms: [30, 40], ownBytes: 450, openingBytes: 500, runningBytes: 500 },
  ]);
  expect(closed).toEqual(["webgpu", "torch"]);
});

it("goes on without whoever ends on the way", async () => {
  const closed: string[] = [];
  const own = contender("webgpu", closed, (n) => {
    if (n > 3)
      throw new Error("It ended: x\nStudioError: The GPU is gone.\n    at f\n\nNode.js v20");
    return { ms: n };
  });
  const torch = contender("torch", closed, (n) => ({ ms: n }));
  const measured = await measureWork(WORK, [own, torch], 3, () => Promise.resolve(null));
  expect(measured.rows).toMatchObject([{ contender: "torch", ms: [3, 4, 5] }]);
  expect(measured.notes).toEqual(["webgpu, forward, batch 1: StudioError: The GPU is gone."]);
  expect(closed).toEqual(["webgpu", "torch"]);
});

it("leaves out who fails, and says why", async () => {
  const closed: string[] = [];
  const own = contender("webgpu", closed, () => ({ ms: 1 }));
  const torch = contender("torch", closed, () => {
    throw new Error(
      "PyTorch ended: Traceback\n  more\ntorch.OutOfMemoryError: CUDA out of memory.",
    );
  });
  const nobody: FullSizeContender = {
    ...torch,
    start: () => Promise.resolve({ absent: "PyTorch is not compared." }),
  };
  const measured = await measureWork(WORK, [own, torch, nobody], 1, () => Promise.resolve(null));
  expect(measured.rows).toMatchObject([{ contender: "webgpu", openingBytes: null }]);
  expect(measured.notes).toEqual([
    "torch, forward, batch 1: torch.OutOfMemoryError: CUDA out of memory.",
    "PyTorch is not compared.",
  ]);
  expect(closed).toEqual(["torch", "webgpu"]);
});
