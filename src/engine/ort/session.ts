/** @file An inference session made from a Graph. The one module that knows onnxruntime's options and quirks. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { StudioError } from "../../core/errors.ts";
import { encodeModel } from "../../core/onnx/codec.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { type ExternalReader, materialise } from "../../core/onnx/materialise.ts";
import { fuse } from "../../core/passes/fuse.ts";
import { lowerFused } from "../../core/passes/lower-fused.ts";
import { modelFromGraph } from "../../core/onnx/to-proto.ts";
import { type DeviceTensor, type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import type { Runtime } from "./runtime.ts";
import { turn } from "./turn.ts";

type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionOptions {
  /** Names the session in errors: "the UNet", "the training graph". */
  readonly name: string;
  /** onnxruntime's own graph optimisation; ours has run before. */
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
  /** Write onnxruntime's profile of every run (for the profile command). */
  readonly profile?: boolean;
  /** Lets nodes without a GPU kernel run on the CPU, for graphs that are run a few times; without meaning on wasm. */
  readonly hostNodes?: boolean;
  /** Outputs that `runOnDevice` leaves on the GPU; without meaning on wasm. */
  readonly onDevice?: readonly string[];
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
    const { model, external } = modelFromGraph(lowerFused(fuse(graph, runtime.fused)));
    const externalData: { path: string; data: Uint8Array }[] = [];
    for (const { path, constant } of external) {
      externalData.push({ path, data: await materialise(constant, read) });
    }
    const bytes = encodeModel(model);
    const session = await runtime.serial.run(async () => {
      try {
        return await runtime.ort.InferenceSession.create(bytes, {
          ...providerOptions(runtime, options),
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
  async runOne(feeds: Feeds): Promise<HostTensor> {
    const [output, ...others] = Object.values(await this.run(feeds));
    if (output !== undefined && others.length === 0) return output;
    throw new StudioError("internal", `${this.name} gives ${others.length + 1} outputs, not one.`);
  }

  /** Runs the graph: one tensor an input, and copies of the outputs in ordinary memory. */
  run(feeds: Feeds): Promise<Record<string, HostTensor>> {
    return this.execute(feeds, hostTensor);
  }

  /** The same, but the outputs named in `onDevice` stay on the GPU; the caller disposes of them. */
  runOnDevice(feeds: Feeds): Promise<Record<string, Tensor>> {
    return this.execute<Tensor>(feeds, (name, output) =>
      output.location === "gpu-buffer" ? this.deviceTensor(name, output) : hostTensor(name, output),
    );
  }

  /** Runs the graph and hands every output to `take`, which gives its memory back or passes it on. */
  private async execute<T>(
    feeds: Feeds,
    take: (name: string, output: OrtTensor) => T | Promise<T>,
  ): Promise<Record<string, T>> {
    const inputs: Record<string, OrtTensor> = {};
    for (const [name, tensor] of Object.entries(feeds)) inputs[name] = this.input(name, tensor);
    return this.runtime.serial.run(async () => {
      // WebAssembly computes without ever waiting: without a turn of the event loop between two runs, a whole job would
      // be one task, and "stop" would be heard when there is nothing left to stop.
      if (this.runtime.backend === "wasm") await turn();
      try {
        const results = await this.session.run(inputs);
        const outputs: Record<string, T> = {};
        for (const [name, output] of Object.entries(results)) {
          outputs[name] = await take(name, output);
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

  private input(name: string, tensor: Tensor): OrtTensor {
    const { device, ort } = this.runtime;
    if (!isOnDevice(tensor)) {
      const dtype = tensor.data instanceof Float32Array ? "float32" : "int32";
      return new ort.Tensor(dtype, tensor.data, tensor.dims);
    }
    if (device === null) {
      throw new StudioError(
        "internal",
        `The input "${name}" of ${this.name} is on a GPU, and the session is not.`,
      );
    }
    return ort.Tensor.fromGpuBuffer(tensor.buffer, { dataType: "float32", dims: tensor.dims });
  }

  /** An output that stays in the buffer onnxruntime gave it, which goes back to onnxruntime when disposed of. */
  private deviceTensor(name: string, output: OrtTensor): DeviceTensor {
    if (output.type !== "float32") {
      throw new StudioError("internal", `The output "${name}" is ${output.type}, not float32.`);
    }
    const { serial } = this.runtime;
    return {
      dims: output.dims,
      buffer: output.gpuBuffer,
      dispose() {
        // In its turn: onnxruntime must not be entered while one of its runs waits for the GPU.
        void serial.run(() => {
          output.dispose();
          return Promise.resolve();
        });
      },
    };
  }

  endProfiling(): void {
    this.session.endProfiling();
  }

  async release(): Promise<void> {
    await this.runtime.serial.run(() => this.session.release());
  }
}

async function hostTensor(name: string, output: OrtTensor): Promise<HostTensor> {
  const data = await output.getData();
  output.dispose();
  if (data instanceof Float32Array || data instanceof Int32Array) {
    return { dims: output.dims, data };
  }
  throw new StudioError(
    "internal",
    `The output "${name}" is ${output.type}, not float32 or int32.`,
  );
}

function providerOptions(
  { backend, device }: Runtime,
  { onDevice = [], hostNodes = false }: SessionOptions,
): InferenceSession.SessionOptions {
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
    preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer"])),
    // A node left to the CPU would copy its tensors over the bus every run; better to be told.
    extra: { session: { disable_cpu_ep_fallback: hostNodes ? "0" : "1" } },
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
