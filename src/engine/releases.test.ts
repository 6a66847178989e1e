/** @file What was opened before a failure is given back, last first. */
import { expect, it } from "vitest";
import { openTogether } from "./releases.ts";

it("releases what was opened where a later part fails, and nothing where all is well", async () => {
  const released: string[] = [];
  const part = (name: string) => ({
    name,
    release: () => {
      released.push(name);
      return Promise.resolve();
    },
  });
  const good = await openTogether((keep) => Promise.resolve([keep(part("a")), keep(part("b"))]));
  expect(good.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(released).toEqual([]);
  const bad = openTogether((keep) => {
    keep(part("a"));
    keep(part("b"));
    return Promise.reject(new Error("no third"));
  });
  await expect(bad).rejects.toThrow("no third");
  expect(released).toEqual(["b", "a"]);
});
