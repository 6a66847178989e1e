/**
 * @file A process that computes with the command line's `--backend webgpu`, prints one JSON object, and must end by
 * itself: the nano text encoder's distances to PyTorch where there is an adapter, the refusal where there is none.
 */
import { openRuntime } from "../../src/cli/backend.ts";
import { StudioError } from "../../src/core/errors.ts";
import { textEncoderDistances } from "./nano-gradients.ts";

async function measured(): Promise<object> {
  const { runtime, reason, release } = await openRuntime("webgpu");
  const distances = await textEncoderDistances(runtime, "dynamo");
  release();
  return { reason, distances };
}

const report = await measured().catch((error: unknown) => {
  if (error instanceof StudioError) return { code: error.code, refusal: error.message };
  throw error;
});
console.log(JSON.stringify(report));
