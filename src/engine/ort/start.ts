/** @file Has onnxruntime compile its WebAssembly and start its threads, which it would do only when the first session is made. */
import { Emitter } from "../../core/onnx/emit.ts";
import { emptyGraph, type Graph } from "../../core/onnx/graph.ts";
import { noExternalData } from "../../core/onnx/materialise.ts";
import type { Runtime } from "./runtime.ts";
import { Session } from "./session.ts";

/** As little as a session can be made of. */
function smallest(): Graph {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [1] });
  return emit.finish([emit.op("Neg", [x])]);
}

export async function start(runtime: Runtime): Promise<void> {
  const name = "its first session";
  const session = await Session.create(runtime, smallest(), noExternalData, { name });
  await session.release();
}
