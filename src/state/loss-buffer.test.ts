/** @file Buffers of losses: growing, gaps, and steps that are repeated after a resume. */
import { describe, expect, it } from "vitest";
import { LossBuffer } from "./loss-buffer.ts";

const point = (step: number, target: number) => ({ step, target, regularisation: 2 * target });

describe("LossBuffer", () => {
  it("keeps many steps in order", () => {
    const losses = new LossBuffer();
    for (let step = 1; step <= 1000; step++) losses.append([point(step, step)]);
    const { length, target, regularisation } = losses.columns();
    expect(length).toBe(1000);
    expect(target[999]).toBe(1000);
    expect(regularisation[499]).toBe(1000);
  });

  it("begins with a stored history, and drops what is trained again", () => {
    const losses = new LossBuffer();
    losses.load(Float32Array.of(1, 2, 3, 6, 5, 10));
    expect([...losses.columns().target]).toEqual([1, 3, 5]);
    losses.append([point(2, 7)]);
    expect([...losses.columns().target]).toEqual([1, 7]);
  });

  it("leaves a gap where steps were not reported", () => {
    const losses = new LossBuffer();
    losses.append([point(1, 1), point(4, 4)]);
    expect([...losses.columns().target]).toEqual([1, NaN, NaN, 4]);
  });

  it("tells who listens, until they stop", () => {
    const losses = new LossBuffer();
    let calls = 0;
    const stop = losses.subscribe(() => calls++);
    const before = losses.columns();
    expect(losses.columns()).toBe(before);
    losses.append([point(1, 1)]);
    stop();
    losses.append([point(2, 1)]);
    expect(calls).toBe(1);
    expect(losses.columns()).not.toBe(before);
  });
});
