/** @file Groups lie end to end in their order, as views, and states of other groups are refused. */
import { describe, expect, it } from "vitest";
import type { GroupName, ParameterGroup } from "./arithmetic.ts";
import { FlatGroups } from "./flat-groups.ts";

function group(name: GroupName, ...initial: number[]): ParameterGroup {
  return { name, initial: Float32Array.from(initial), learningRate: 1, weightDecay: 0 };
}

const GROUPS = [group("kv", 1, 2, 3), group("query_out"), group("tokens", 4, 5)];

describe("FlatGroups", () => {
  const flat = new FlatGroups(GROUPS);

  it("lays groups end to end", () => {
    expect(flat.length).toBe(5);
    expect([...flat.initial()]).toEqual([1, 2, 3, 4, 5]);
    expect(flat.range("kv")).toEqual({ offset: 0, length: 3 });
    expect(flat.range("query_out")).toEqual({ offset: 3, length: 0 });
    expect(flat.range("tokens")).toEqual({ offset: 3, length: 2 });
  });

  it("copies the initial values, and gives views of a flat array", () => {
    const values = flat.initial();
    flat.part("tokens", values).fill(9);
    flat.part("kv", values)[1] = 8;
    expect([...values]).toEqual([1, 8, 3, 9, 9]);
    expect([...flat.initial()]).toEqual([1, 2, 3, 4, 5]);
    expect([...GROUPS[2]!.initial]).toEqual([4, 5]);
  });

  it("knows what is trained", () => {
    const some = new FlatGroups([group("tokens", 1)]);
    expect(some.has("tokens")).toBe(true);
    expect(some.has("kv")).toBe(false);
    expect(() => some.range("kv")).toThrow(/"kv" is not trained/);
    expect(new FlatGroups([]).length).toBe(0);
  });

  it.each(["values", "m", "v"] as const)("refuses a state whose %s is of other groups", (wrong) => {
    const state = { values: new Float32Array(5), m: new Float32Array(5), v: new Float32Array(5) };
    flat.check(state);
    for (const length of [0, 4, 6]) {
      expect(() => {
        flat.check({ ...state, [wrong]: new Float32Array(length) });
      }).toThrow(expect.objectContaining({ code: "invalid-input" }) as Error);
    }
  });
});
