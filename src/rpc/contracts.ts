/** @file What the page may ask of the engine worker, as types only; both sides are held to them. */

/** What computes: the GPU through WebGPU, or the CPU through WebAssembly. */
export type BackendName = "webgpu" | "wasm";

/** What a person asks for; `auto` leaves the choice to the engine, which says why it chose. */
export type BackendPreference = BackendName | "auto";

export interface BackendReport {
  readonly chosen: BackendName;
  /** One sentence for people. */
  readonly reason: string;
  /** The WebGPU adapter's name, or null where the browser offers none. */
  readonly adapter: string | null;
  /** Whether that adapter is a GPU emulated in software. */
  readonly isFallbackAdapter: boolean;
  /** How many threads WebAssembly runs on. */
  readonly threads: number;
  readonly crossOriginIsolated: boolean;
}

export interface OpenProgress {
  readonly stage: "download" | "read" | "surgery" | "session";
  /** Which of the model's parts, e.g. `unet`. */
  readonly part: string;
  /** Bytes while downloading, steps otherwise; `total` is 0 while it is not known. */
  readonly loaded: number;
  readonly total: number;
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly backend: BackendReport;
  readonly bytes: number;
  /** Nodes of the UNet's graph as it was exported, and once its shapes are fixed and folded. */
  readonly unetNodes: { readonly exported: number; readonly specialised: number };
  readonly crossAttentionBlocks: number;
  /** Parameters of the key and value projections, the weights that Custom Diffusion trains. */
  readonly kvParameters: number;
  /** Batch, channels, height, width. */
  readonly latentShape: readonly [number, number, number, number];
  /** How long opening took. */
  readonly milliseconds: number;
}

export interface NoiseRequest {
  readonly prompt: string;
  readonly timestep: number;
  /** Seeds the latents. */
  readonly seed: number;
}

export interface NoisePrediction {
  readonly shape: readonly number[];
  /** Row-major, in `shape`. */
  readonly data: Float32Array;
  readonly milliseconds: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** Tokens of the prompt that the text encoder read, without the start and end marks. */
  readonly promptTokens: number;
  /** The end of the prompt that did not fit into the text encoder, or null when all of it did. */
  readonly truncatedText: string | null;
}

/** Calls reject with a StudioError. */
export interface EngineApi {
  describeBackend(preference: BackendPreference): Promise<BackendReport>;
  openModel(
    id: string,
    preference: BackendPreference,
    onProgress: (progress: OpenProgress) => void,
  ): Promise<ModelInfo>;
  predictNoise(request: NoiseRequest): Promise<NoisePrediction>;
  close(): Promise<void>;
}
