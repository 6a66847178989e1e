/** @file Tasks run one after the other, whatever becomes of the one before. */
import { expect, it } from "vitest";
import { Serial } from "./serial.ts";

it("never runs two tasks at once, keeps their order, and outlives failures", async () => {
  const serial = new Serial();
  const events: string[] = [];
  const task = (name: string, fails = false) =>
    serial.run(async () => {
      events.push(`${name} starts`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([task("a"), task("b", true), task("c")]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["a", "b", "c"].flatMap((name) => [`${name} starts`, `${name} ends`]));
});

it("turns a task that throws at once into a rejection", async () => {
  const serial = new Serial();
  const bad = serial.run((): Promise<void> => {
    throw new Error("at once");
  });
  await expect(bad).rejects.toThrow("at once");
  await expect(serial.run(() => Promise.resolve(1))).resolves.toBe(1);
});
