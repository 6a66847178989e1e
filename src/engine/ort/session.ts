/** @file An inference session made from a Graph. The one module that knows onnxruntime's options and quirks. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { StudioError } from "../../core/errors.ts";
import { encodeModel } from "../../core/onnx/codec.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { type ExternalReader, materialise } from "../../core/onnx/materialise.ts";
import { graphForSession } from "../../core/passes/for-session.ts";
import { halfPrecision } from "../../core/passes/half-precision.ts";
import { modelFromGraph } from "../../core/onnx/to-proto.ts";
import { readBuffers } from "../kernels/read-back.ts";
import { type DeviceTensor, type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import { FixedInputs } from "./fixed-inputs.ts";
import { isCaptured, providerOptions, type SessionPlacement } from "./provider-options.ts";
import type { Runtime } from "./runtime.ts";
import { turn } from "./turn.ts";

type Feeds = Readonly<Record<string, Tensor>>;

export interface SessionOptions extends SessionPlacement {
  /** Names the session in errors: "the UNet", "the training graph". */
  readonly name: string;
  /** Is computed in the runtime's precision; as the graph says where left out. */
  readonly followsPrecision?: boolean;
  /** onnxruntime's own graph optimisation; ours has run before. */
  readonly optimisation?: "disabled" | "basic" | "extended" | "all";
  /** Write onnxruntime's profile of every run (for the profile command). */
  readonly profile?: boolean;
}

/** Outputs that are handed out: which of them are wanted in ordinary memory. */
type Wanted = (name: string) => "host" | "device";

export class Session {
  private readonly runtime: Runtime;
  private readonly session: InferenceSession;
  private readonly name: string;
  /** Outputs that stay on the GPU where the caller takes them there. */
  private readonly onDevice: ReadonlySet<string>;
  /** Of a session whose runs are recorded. */
  private readonly fixed: FixedInputs | null;

  private constructor(
    runtime: Runtime,
    session: InferenceSession,
    { name, onDevice = [] }: SessionOptions,
    fixed: FixedInputs | null,
  ) {
    this.runtime = runtime;
    this.session = session;
    this.name = name;
    this.onDevice = new Set(runtime.device === null ? [] : onDevice);
    this.fixed = fixed;
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
    const halved = options.followsPrecision === true && runtime.precision === "float16";
    const given = graphForSession(halved ? halfPrecision(graph) : graph, runtime.fused);
    const { model, external } = modelFromGraph(given);
    const externalData: { path: string; data: Uint8Array }[] = [];
    for (const { path, constant } of external) {
      externalData.push({ path, data: await materialise(constant, read) });
    }
    const bytes = encodeModel(model);
    const { device } = runtime;
    const fixed =
      device !== null && isCaptured(runtime, options)
        ? await FixedInputs.create(runtime, device, graph)
        : null;
    const session = await runtime.serial.run(async () => {
      try {
        return await runtime.ort.InferenceSession.create(bytes, {
          ...providerOptions(runtime, options, isMixed(given)),
          graphOptimizationLevel: options.optimisation ?? "all",
          enableProfiling: options.profile ?? false,
          logSeverityLevel: 3,
          externalData,
        });
      } catch (cause) {
        fixed?.release();
        throw new StudioError(
          "session-failed",
          `onnxruntime could not prepare ${options.name}: ${reasonOf(cause)}`,
          { cause },
        );
      }
    });
    return new Session(runtime, session, options, fixed);
  }

  /** Runs a graph that has one output. */
  async runOne(feeds: Feeds): Promise<HostTensor> {
    const [output, ...others] = Object.values(await this.run(feeds));
    if (output !== undefined && others.length === 0) return output;
    throw new StudioError("internal", `${this.name} gives ${others.length + 1} outputs, not one.`);
  }

  /** Runs the graph: one tensor an input, and copies of the outputs in ordinary memory. */
  run(feeds: Feeds): Promise<Record<string, HostTensor>> {
    // Nothing is left on the GPU where everything is wanted here.
    return this.execute(feeds, () => "host") as Promise<Record<string, HostTensor>>;
  }

  /** The same, but the outputs named in `onDevice` stay on the GPU; the caller disposes of them. */
  runOnDevice(feeds: Feeds): Promise<Record<string, Tensor>> {
    return this.execute(feeds, (name) => (this.onDevice.has(name) ? "device" : "host"));
  }

  private async execute(feeds: Feeds, wanted: Wanted): Promise<Record<string, Tensor>> {
    return this.runtime.serial.run(async () => {
      // WebAssembly computes without ever waiting, and launches on a GPU need not be waited for: without a turn of the
      // event loop between two runs, a whole job would be one task, and "stop" would be heard when nothing is left.
      await turn();
      try {
        const { timings } = this.runtime;
        const outputs = await timings.measure(this.name, () => {
          this.fixed?.load(feeds);
          return this.session.run(this.fixed?.tensors ?? this.inputs(feeds));
        });
        const results = await timings.measure("read-back", () =>
          this.collect(Object.entries(outputs), wanted),
        );
        this.checkErrors();
        return results;
      } catch (cause) {
        if (cause instanceof StudioError) throw cause;
        throw this.failure(reasonOf(cause), cause);
      }
    });
  }

  /**
   * Compiles what the graph needs, and records its launches where they are: a run of zeros, so that the first real one
   * takes no longer than others. Nothing on wasm, and where runs are not repeated.
   */
  async warmUp(): Promise<void> {
    const { fixed } = this;
    if (fixed === null) return;
    await this.runtime.serial.run(async () => {
      try {
        for (const output of Object.values(await this.session.run(fixed.tensors))) output.dispose();
        await this.runtime.device?.queue.onSubmittedWorkDone();
        this.checkErrors();
      } catch (cause) {
        if (cause instanceof StudioError) throw cause;
        throw this.failure(reasonOf(cause), cause);
      }
    });
  }

  /** Outputs where they are wanted; all that come back from a recorded run come in one copy. */
  private async collect(
    outputs: readonly (readonly [name: string, output: OrtTensor])[],
    wanted: Wanted,
  ): Promise<Record<string, Tensor>> {
    const { device } = this.runtime;
    const results: Record<string, Tensor> = {};
    const coming: (readonly [name: string, output: OrtTensor])[] = [];
    for (const [name, output] of outputs) {
      if (output.location !== "gpu-buffer") results[name] = await hostTensor(name, output);
      else if (wanted(name) === "device") results[name] = this.deviceTensor(name, output);
      else coming.push([name, output]);
    }
    if (device === null || coming.length === 0) return results;
    const parts = coming.map(([name, output]) => {
      expectFloats(name, output);
      return [output.gpuBuffer, 4 * output.size] as const;
    });
    const bytes = await readBuffers(device, parts);
    let offset = 0;
    for (const [name, output] of coming) {
      results[name] = { dims: output.dims, data: new Float32Array(bytes, offset, output.size) };
      offset += 4 * output.size;
      output.dispose();
    }
    return results;
  }

  private checkErrors(): void {
    const complaint = this.runtime.gpuErrors?.take() ?? null;
    if (complaint !== null) throw this.failure(complaint);
  }

  private failure(reason: string, cause?: unknown): StudioError {
    return new StudioError("session-failed", `${this.name} failed while running: ${reason}`, {
      cause,
    });
  }

  private inputs(feeds: Feeds): Record<string, OrtTensor> {
    return Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [name, this.input(name, tensor)]),
    );
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
    expectFloats(name, output);
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
    this.fixed?.release();
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

/** Whether a graph casts between float32 and float16. */
function isMixed({ types }: Graph): boolean {
  return [...types.values()].some(({ dtype }) => dtype === "float16");
}

function expectFloats(name: string, { type }: OrtTensor): void {
  if (type === "float32") return;
  throw new StudioError("internal", `The output "${name}" is ${type}, not float32.`);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
