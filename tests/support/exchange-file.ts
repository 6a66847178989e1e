/** @file Files of tests/reference/exchange, as other tools wrote them. */
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../reference/exchange/", import.meta.url);

export function exchangeGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

/** All of them, by name. */
export function exchangeGoldens(): [name: string, bytes: Uint8Array][] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => [name, exchangeGolden(name)]);
}
