/** @file Peers that are processes: asked and answering, refusing, and not there at all. */
import { expect, it } from "vitest";
import { startProcess } from "./process-peer.ts";

const ECHO = `
console.log(JSON.stringify({ ready: "an echo" }));
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  const refused = request.open?.work === "merge";
  console.log(JSON.stringify(request.run ? { ms: 7 } : refused ? { absent: "Not that." } : { done: true }));
});`;

const started = async (args: readonly string[], command = process.execPath) =>
  startProcess({ name: "The echo", command, args });

it("opens, runs, and is closed", async () => {
  const peer = await started(["-e", ECHO]);
  if ("absent" in peer) throw new Error(peer.absent);
  expect(peer.about).toBe("an echo");
  expect(await peer.open({ work: "merge", concepts: 2 })).toBe("Not that.");
  expect(await peer.open({ work: "decode" })).toBeNull();
  expect(await peer.run()).toEqual({ ms: 7 });
  await peer.release();
  await peer.close();
});

it("says in a sentence that a program could not be run, with its last words", async () => {
  expect(await started(["-e", "console.error('no such thing'); process.exit(1)"])).toEqual({
    absent: `The echo is not compared: ${process.execPath} could not run it (no such thing).`,
  });
  expect(await started([], "no-such-command")).toEqual({
    absent: "The echo is not compared: no-such-command could not run it.",
  });
});
