/** @file An inference session made from a Graph. The one module that knows onnxruntime's options and quirks. */
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { StudioError } from "../../core/errors.ts";
import { encodeModel } from "../../core/onnx/codec.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { type ExternalReader, materialise } from "../../core/onnx/materialise.ts";
import { modelFromGraph } from "../../core/onnx/to-proto.ts";
import type { Runtime } from "./runtime.ts";

/** A tensor in ordinary memory. */
export interface HostTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface SessionOptions {
  /** Names the session in errors: "the UNet", "the training graph". */
  readonly name: string;
  /** onnxruntime's own graph optimisation; ours has run before. */
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
  /** Write onnxruntime's profile of every run (for the profile command). */
  readonly profile?: boolean;
}

export class Session {
  private readonly runtime: Runtime;
  private readonly session: InferenceSession;
  private readonly name: string;

  private constructor(runtime: Runtime, session: InferenceSession, name: string) {
    this.runtime = runtime;
    this.session = session;
    this.name = name;
  }

  /**
   * Builds the session; weights are read one by one and handed over beside the model, never inside it.
   * @throws StudioError "session-failed" with onnxruntime's reason
   */
  static async create(
    runtime: Runtime,
    graph: Graph,
    read: ExternalReader,
    options: SessionOptions,
  ): Promise<Session> {
    const { model, external } = modelFromGraph(graph);
    const externalData: { path: string; data: Uint8Array }[] = [];
    for (const { path, constant } of external) {
      externalData.push({ path, data: await materialise(constant, read) });
    }
    const bytes = encodeModel(model);
    const session = await runtime.serial.run(async () => {
      try {
        return await runtime.ort.InferenceSession.create(bytes, {
          ...providerOptions(runtime),
          graphOptimizationLevel: options.optimisation ?? "all",
          enableProfiling: options.profile ?? false,
          logSeverityLevel: 3,
          externalData,
        });
      } catch (cause) {
        throw new StudioError(
          "session-failed",
          `onnxruntime could not prepare ${options.name}: ${reasonOf(cause)}`,
          { cause },
        );
      }
    });
    return new Session(runtime, session, options.name);
  }

  /** Runs a graph that has one output. */
  async runOne(feeds: Readonly<Record<string, HostTensor>>): Promise<HostTensor> {
    const [output, ...others] = Object.values(await this.run(feeds));
    if (output !== undefined && others.length === 0) return output;
    throw new StudioError("internal", `${this.name} gives ${others.length + 1} outputs, not one.`);
  }

  /** Runs the graph: one tensor an input, and copies of the outputs in ordinary memory. */
  async run(feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const { ort } = this.runtime;
    const inputs: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds)) {
      const dtype = data instanceof Float32Array ? "float32" : "int32";
      inputs[name] = new ort.Tensor(dtype, data, dims);
    }
    return this.runtime.serial.run(async () => {
      try {
        const results = await this.session.run(inputs);
        const outputs: Record<string, HostTensor> = {};
        for (const [name, tensor] of Object.entries(results)) {
          outputs[name] = { dims: tensor.dims, data: await hostData(name, tensor) };
          tensor.dispose();
        }
        return outputs;
      } catch (cause) {
        if (cause instanceof StudioError) throw cause;
        throw new StudioError(
          "session-failed",
          `${this.name} failed while running: ${reasonOf(cause)}`,
          {
            cause,
          },
        );
      }
    });
  }

  endProfiling(): void {
    this.session.endProfiling();
  }

  async release(): Promise<void> {
    await this.runtime.serial.run(() => this.session.release());
  }
}

async function hostData(name: string, tensor: Tensor): Promise<Float32Array | Int32Array> {
  const data = await tensor.getData();
  if (data instanceof Float32Array || data instanceof Int32Array) return data;
  throw new StudioError(
    "internal",
    `The output "${name}" is ${tensor.type}, not float32 or int32.`,
  );
}

function providerOptions({ backend, device }: Runtime): InferenceSession.SessionOptions {
  if (backend === "wasm" || device === null) return { executionProviders: ["wasm"] };
  return {
    executionProviders: [
      {
        name: "webgpu",
        device,
        // Static shapes: freed buffers of the same size come back; the default keeps rounded-up ones for ever.
        storageBufferCacheMode: "simple",
      },
    ],
    // A node left to the CPU would copy its tensors over the bus every run; better to be told.
    extra: { session: { disable_cpu_ep_fallback: "1" } },
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
