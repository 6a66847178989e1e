/** @file Messages are heard between two pieces of work that never wait by themselves. */
import { expect, it } from "vitest";
import { turn } from "./turn.ts";

it("lets a message be heard that was posted before", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard: unknown[] = [];
  port1.onmessage = ({ data }: MessageEvent<unknown>) => heard.push(data);
  port2.postMessage("stop");
  for (let i = 0; i < 100; i++) await Promise.resolve();
  expect(heard).toEqual([]);
  await turn();
  expect(heard).toEqual(["stop"]);
  port1.close();
});
