/** @file The gradient-check cases of every operator that has a rule; a rule without cases does not compile. */
import type { Case } from "../gradient-check.test-support.ts";
import type { DifferentiableOp } from "../table.ts";
import { FUSED } from "./fused.test-support.ts";
import { ELEMENTWISE } from "./elementwise.test-support.ts";
import { LINEAR } from "./linear.test-support.ts";
import { MOVEMENT } from "./movement.test-support.ts";
import { REDUCTION } from "./reduction.test-support.ts";

export const CASES = {
  ...FUSED,
  ...ELEMENTWISE,
  ...LINEAR,
  ...MOVEMENT,
  ...REDUCTION,
} satisfies Record<DifferentiableOp, readonly Case[]>;
