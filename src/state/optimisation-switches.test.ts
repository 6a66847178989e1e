/** @file Optimisations are switched off by name, in an address or by the page. */
import { expect, it } from "vitest";
import { OPTIMISATIONS } from "../core/optimisations.ts";
import { namedIn, switchStore } from "./optimisation-switches.ts";

it("reads names from an address, and leaves out what is none", () => {
  expect([...namedIn("gpu-graph-capture, nonsense,gpu-lazy-loss")]).toEqual([
    "gpu-graph-capture",
    "gpu-lazy-loss",
  ]);
  expect(namedIn("").size).toBe(0);
  expect([...namedIn("all")]).toEqual(Object.keys(OPTIMISATIONS));
});

it("switches off and on again; what needs a flag is off at first", () => {
  const { set } = switchStore.getState();
  set("wasm-products", false);
  expect([...switchStore.getState().without]).toEqual(["wide-vectors", "wasm-products"]);
  set("wasm-products", true);
  expect([...switchStore.getState().without]).toEqual(["wide-vectors"]);
  set("wide-vectors", true);
  expect(switchStore.getState().without.size).toBe(0);
});
