/** @file The cut costs what the best of all possible ones costs, on networks small enough to try every one. */
import { expect, it } from "vitest";
import { uniforms } from "../../../../tests/support/seeded.ts";
import { FlowNetwork } from "./minimum-cut.ts";

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly cost: number;
}

/** Source 0, sink 1, and `count` others. */
function costOf(edges: readonly Edge[], isSource: (vertex: number) => boolean): number {
  const cut = edges.filter(({ from, to }) => isSource(from) && !isSource(to));
  return cut.reduce((sum, { cost }) => sum + cost, 0);
}

function cheapest(edges: readonly Edge[], count: number): { cost: number; fewest: number } {
  let best = { cost: Infinity, fewest: Infinity };
  for (let chosen = 0; chosen < 2 ** count; chosen++) {
    const isSource = (vertex: number): boolean =>
      vertex === 0 || (vertex > 1 && ((chosen >> (vertex - 2)) & 1) === 1);
    const cost = costOf(edges, isSource);
    const fewest = Array.from({ length: count }, (_, i) => isSource(i + 2)).filter(Boolean).length;
    if (cost < best.cost || (cost === best.cost && fewest < best.fewest)) best = { cost, fewest };
  }
  return best;
}

it("finds the cheapest of 1024 cuts, and of equal ones that with the fewest vertices at the source", () => {
  const count = 10;
  for (let network = 0; network < 60; network++) {
    const u = uniforms(network, "edges");
    // Small costs, so that many cuts cost the same.
    const edges = Array.from({ length: 40 }, (_, i): Edge => ({
      from: Math.floor(u(3 * i) * (count + 2)),
      to: Math.floor(u(3 * i + 1) * (count + 2)),
      cost: Math.floor(u(3 * i + 2) * 6),
    })).filter(({ from, to }) => from !== to);
    const flow = new FlowNetwork();
    for (let vertex = 0; vertex < count + 2; vertex++) flow.vertex();
    for (const { from, to, cost } of edges) flow.edge(from, to, cost);
    const sides = flow.cut(0, 1);
    const best = cheapest(edges, count);
    expect(costOf(edges, (vertex) => sides[vertex] === true)).toBe(best.cost);
    expect(sides.slice(2).filter(Boolean).length).toBe(best.fewest);
  }
});

it("never cuts an edge of infinite cost where there is another way", () => {
  const flow = new FlowNetwork();
  const [source, sink, a, b] = [flow.vertex(), flow.vertex(), flow.vertex(), flow.vertex()];
  flow.edge(source, a, Infinity);
  flow.edge(a, b, 7);
  flow.edge(b, sink, Infinity);
  expect(flow.cut(source, sink)).toEqual([true, false, true, false]);
});
