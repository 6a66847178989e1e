/** @file The built app is no larger than was agreed: scripts/bundle-budgets.ts. */
import { expect, test } from "@playwright/test";
import { BUDGETS, type Measured } from "../scripts/bundle-budgets.ts";
import { measureBundle } from "../scripts/bundle-size.ts";

for (const [key, { name, bytes, reason }] of Object.entries(BUDGETS)) {
  test(`size of ${name}`, () => {
    const measured = measureBundle()[key as Measured];
    const what = `${measured} bytes are ${name}, where ${bytes} were agreed (${reason}).`;
    const way = "Make it smaller, or raise the number in scripts/bundle-budgets.ts and say why.";
    expect(measured, `${what} ${way}`).toBeLessThanOrEqual(bytes);
  });
}
