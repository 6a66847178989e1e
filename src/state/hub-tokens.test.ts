/** @file Tokens belong to one server, are kept only on request, and can be forgotten. */
import { expect, it } from "vitest";
import { createHubTokens } from "./hub-tokens.ts";

const HUB = "https://huggingface.co";

function storage() {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}

it("is in memory alone, unless it is to be kept", () => {
  const store = storage();
  const tokens = createHubTokens(() => store);
  tokens.set(HUB, "hf_a", false);
  expect(tokens.get(HUB)).toBe("hf_a");
  expect(tokens.isKept(HUB)).toBe(false);
  expect(store.items.size).toBe(0);
  expect(createHubTokens(() => store).get(HUB)).toBeNull();
});

it("comes back on the next visit where it was kept, until it is forgotten", () => {
  const store = storage();
  createHubTokens(() => store).set(HUB, "hf_a", true);
  const next = createHubTokens(() => store);
  expect([next.get(HUB), next.isKept(HUB)]).toEqual(["hf_a", true]);
  expect(next.get("https://mirror.example")).toBeNull();
  next.set(HUB, null, false);
  expect([next.get(HUB), store.items.size]).toEqual([null, 0]);
});

it("is not kept any more once another one is given for this visit", () => {
  const store = storage();
  const tokens = createHubTokens(() => store);
  tokens.set(HUB, "hf_a", true);
  tokens.set(HUB, "hf_b", false);
  expect([tokens.get(HUB), tokens.isKept(HUB)]).toEqual(["hf_b", false]);
});

it("works where nothing can be kept, and where something else was", () => {
  const broken = createHubTokens(() => {
    throw new Error("no storage");
  });
  broken.set(HUB, "hf_a", true);
  expect([broken.get(HUB), broken.isKept(HUB)]).toEqual(["hf_a", false]);
  const store = storage();
  store.items.set("studio-access-tokens", "{ not json");
  expect(createHubTokens(() => store).get(HUB)).toBeNull();
});
