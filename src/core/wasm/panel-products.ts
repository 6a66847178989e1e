/**
 * @file The loop that matrix products spend their time in: some rows times a panel of columns that lie side by side.
 * MLAS's takes two steps of k at once; V8 moves all of its loads to the front, runs out of its 15 vector registers and
 * spends its time on the stack. Ours takes one: 8 to 12 sums, 2 or 4 vectors of the panel and one element of a row fit.
 * Where the engine has relaxed SIMD, multiply and add are one instruction.
 */
import { advance, times } from "./assemble.ts";
import { multiplyAdd } from "./exp-code.ts";
import { type Code, get, i32, loadSplat, loadVector, set } from "./instructions.ts";

/** Locals that the loop works with. */
export interface PanelTile {
  /** Addresses, one a row; they move on with k. */
  readonly rows: readonly number[];
  /** Sums of each row, a vector of four columns each. */
  readonly sums: readonly (readonly number[])[];
  /** Vectors of the panel, at least as many as a row has sums. */
  readonly panel: readonly number[];
  /** Bytes of a panel's row. */
  readonly panelBytes: number;
  readonly element: number;
  /** Addresses of one or more panels, each with as many of a row's sums; behind their ends after the loop. */
  readonly panels: readonly number[];
  readonly k: number;
}

/** sums += rows times the panel, so many steps of k, at least one. */
export function addProducts(tile: PanelTile, depth: Code, relaxed: boolean): Code {
  const { rows, sums, element, panels, k } = tile;
  const panel = tile.panel.slice(0, sums[0]!.length);
  const across = panel.length / panels.length;
  return times(
    k,
    depth,
    ...panel.map((vector, i): Code => [
      ...[...get(panels[Math.floor(i / across)]!), ...loadVector(16 * (i % across))],
      ...set(vector),
    ]),
    ...rows.flatMap((row, i) => [
      [...get(row), ...loadSplat(0), ...set(element)],
      ...sums[i]!.map((sum, j): Code => [
        ...multiplyAdd(relaxed, get(element), get(panel[j]!), get(sum)),
        ...set(sum),
      ]),
    ]),
    ...panels.map((b) => advance(b, i32(tile.panelBytes))),
    ...rows.map((row) => advance(row, i32(4))),
  );
}
