/** @file Turns: everybody once a round, the first round not counted, and who cannot left out. */
import { expect, it } from "vitest";
import { measure } from "./measure.ts";
import type { Peer } from "./peers/protocol.ts";

function peerThat(name: string, log: string[], refusal: string | null = null): { peer: Peer } {
  let runs = 0;
  return {
    peer: {
      about: name,
      open: () => Promise.resolve(refusal),
      run: () => {
        log.push(name);
        return Promise.resolve({ ms: ++runs });
      },
      release: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  };
}

it("takes turns", async () => {
  const log: string[] = [];
  const [a, b, c] = [peerThat("a", log), peerThat("b", log), peerThat("c", log, "Not that.")];
  const { measured, refused } = await measure({ work: "decode" }, [a, b, c], 2);
  expect(log.join("")).toBe("ababab");
  expect(measured.map(({ by, ms }) => [by.peer.about, ms])).toEqual([
    ["a", [2, 3]],
    ["b", [2, 3]],
  ]);
  expect(refused).toEqual([{ by: c, reason: "Not that." }]);
});
