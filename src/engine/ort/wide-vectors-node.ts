/**
 * @file Two of WebAssembly's vectors as one of an x86-64 processor's, of 256 bits: V8 makes it of two that are stored side
 * by side and computed alike, by a flag. Chromium's is --wasm-revectorize, Node's is among what V8 tries out; our tests
 * compare what comes of it with what comes without.
 */
import { setFlagsFromString } from "node:v8";

/** Versions of V8 that have it and were tested: of Node 24 to 26. */
const TESTED = [13, 14];

export const knowsWideVectors = (): boolean =>
  process.arch === "x64" && TESTED.includes(Number.parseInt(process.versions.v8));

/** For what is compiled from now on, in the whole process. Gives whether it is in use. */
export function setWideVectors(wanted: boolean): boolean {
  const known = knowsWideVectors();
  if (known) setFlagsFromString(`--${wanted ? "" : "no-"}experimental-wasm-revectorize`);
  return known && wanted;
}
