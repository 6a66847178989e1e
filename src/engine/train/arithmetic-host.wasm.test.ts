/** @file The training arithmetic on wasm does what its float64 twin does. */
import { describe } from "vitest";
import { testTrainingArithmetic } from "../../../tests/support/training-arithmetic.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { isOnDevice } from "../tensor.ts";
import { createHostArithmetic } from "./arithmetic-host.ts";

const runtime = nodeRuntime(2);

describe("TrainingArithmetic on wasm", () => {
  testTrainingArithmetic(
    (settings) => Promise.resolve(createHostArithmetic(runtime, settings)),
    (tensor) => {
      if (isOnDevice(tensor)) throw new Error("there is no GPU here");
      return Promise.resolve(Float32Array.from(tensor.data));
    },
  );
});
