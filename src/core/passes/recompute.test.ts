/** @file A chain of layers with and without recomputation: equal gradients, less memory, and nothing computed too early. */
import { describe, expect, it } from "vitest";
import { evaluateAll } from "../autodiff/gradient-check.test-support.ts";
import { gradient } from "../autodiff/gradient.ts";
import { empty, input, total, weight } from "../autodiff/small-graph.test-support.ts";
import { producersOf } from "../onnx/graph.ts";
import { executionOrder } from "./execution-order.ts";
import { graphMemory } from "./memory.ts";
import { recompute } from "./recompute.ts";

const [ROWS, WIDTH, LAYERS] = [6, 8, 12];

/** x goes through layers that each add something of `side`; the gradient is that of `side`. */
function chain() {
  const emit = empty();
  let x = input(emit, "x", ROWS, WIDTH);
  const side = input(emit, "side", ROWS, WIDTH);
  const skips: string[] = [];
  for (let layer = 0; layer < LAYERS; layer++) {
    const mixed = emit.op("MatMul", [emit.op("Tanh", [x]), weight(emit, WIDTH, WIDTH)]);
    x = emit.op("Add", [mixed, emit.op("Mul", [side, emit.op("Sigmoid", [mixed])])]);
    if (layer === 1) skips.push(x);
    if (layer === LAYERS - 2) x = emit.op("Mul", [x, skips[0]!]);
  }
  const loss = total(emit, emit.op("Mul", [x, x]));
  const whole = gradient(emit.finish([loss]), { of: loss, wrt: ["side"] });
  return { graph: whole.graph, loss, gradient: whole.gradients.get("side")! };
}

const numbers = (phase: number): number[] =>
  Array.from({ length: ROWS * WIDTH }, (_, i) => Math.sin(7 * i + phase) / 2);
const FEEDS = { x: numbers(1), side: numbers(2) };

describe.each([2, 3, 5])("in %i segments", (segments) => {
  const before = chain();
  const after = recompute(before.graph, { forward: [before.loss], from: "x", segments });

  it("gives the same loss and gradients", async () => {
    const names = [before.loss, before.gradient];
    const expected = await evaluateAll(before.graph, FEEDS, names);
    expect(await evaluateAll(after, FEEDS, names)).toEqual(expected);
  });

  it("needs less memory, and no weight twice", () => {
    const [whole, parted] = [graphMemory(before.graph), graphMemory(after)];
    expect(parted.activations).toBeLessThan(0.75 * whole.activations);
    const weights = (graph: typeof after): number =>
      [...graph.constants.values()].filter(({ dims }) => dims.length === 2).length;
    expect(weights(after)).toBe(weights(before.graph));
  });

  it("computes nothing again before the gradients that need it are near", () => {
    const order = executionOrder(after);
    const made = new Map(order.flatMap((node, at) => node.outputs.map((name) => [name, at])));
    const makers = producersOf(after);
    // A guarded value is a kept one plus a zero that is a Mul of a sum of gradients.
    const guards = order.filter(
      ({ opType, inputs }) =>
        opType === "Add" &&
        after.types.get(inputs[1] ?? "")?.dims.join() === "1" &&
        makers.get(inputs[1] ?? "") !== undefined,
    );
    expect(guards.length).toBeGreaterThanOrEqual(segments - 1);
    const forwardEnd = made.get(before.loss)!;
    const lastForward = Math.min(...guards.map((node) => made.get(node.outputs[0]!)!));
    // The loss itself is a leaf that may come last; the layers before it are all done.
    const tanhs = order.slice(0, lastForward).filter(({ opType }) => opType === "Tanh");
    expect(tanhs).toHaveLength(LAYERS);
    expect(forwardEnd).toBeGreaterThan(0);
  });
});

it("leaves a graph as it is that is to be one segment", () => {
  const { graph, loss } = chain();
  expect(recompute(graph, { forward: [loss], from: "x", segments: 1 })).toBe(graph);
});

it("keeps more segments than there are layers apart where it can", async () => {
  const { graph, loss, gradient: name } = chain();
  const after = recompute(graph, { forward: [loss], from: "x", segments: 40 });
  const expected = await evaluateAll(graph, FEEDS, [loss, name]);
  expect(await evaluateAll(after, FEEDS, [loss, name])).toEqual(expected);
});
