/** @file What the page may ask of the engine worker, as types only; both sides are held to them. */
import type { WordHeat } from "../core/attention/attention-sum.ts";
import type { Weighting } from "../core/compose/weighting.ts";
import type { CompressionChoice } from "../core/concept/compress-concept.ts";
import type { ConceptSummary } from "../core/concept/concept-file.ts";
import type { SamplerName } from "../core/diffusion/sampler.ts";
import type { ExchangedWeight, ExchangeFormat } from "../core/exchange/exchanged.ts";
import type { ExportTarget } from "../core/exchange/export-files.ts";
import type { Optimisation } from "../core/optimisations.ts";
import type { ModelSize, Prospects } from "../core/plan/painting.ts";
import type { TrainingPlan } from "../core/plan/training-plan.ts";
import type { TrainSettings } from "../core/train/settings.ts";

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
  readonly stage: "download" | "read" | "surgery" | "session" | "compile";
  /** Which of the model's parts, e.g. `unet`; `model` while downloading, which is all of them. */
  readonly part: string;
  /** Bytes while downloading, steps otherwise; `total` is 0 while it is not known. */
  readonly loaded: number;
  readonly total: number;
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  /** Names the base model's weights; concepts fit the model with theirs and no other. */
  readonly fingerprint: string;
  readonly backend: BackendReport;
  /** Optimisations that are switched off. */
  readonly without: readonly Optimisation[];
  readonly bytes: number;
  /** Nodes of the UNet's graph as it was exported, and once its shapes are fixed and folded. */
  readonly unetNodes: { readonly exported: number; readonly specialised: number };
  readonly crossAttentionBlocks: number;
  /** Parameters of the key and value projections, the weights that Custom Diffusion trains. */
  readonly kvParameters: number;
  /** Batch, channels, height, width. */
  readonly latentShape: readonly [number, number, number, number];
  /** Height and width of its pictures, in pixels. */
  readonly pictureSize: number;
  /** Width E of the text features, which tells the family and so the defaults of training. */
  readonly textWidth: number;
  /** How long opening took. */
  readonly milliseconds: number;
}

/** Names a job, so that it can be stopped. */
export type JobId = string;

/** A stored concept, and the factor on its weight difference. */
export interface ChosenConcept {
  readonly id: string;
  readonly strength: number;
}

/** Several stored concepts in one picture. */
export type Blend =
  /** Merged by the closed form. */
  | { readonly kind: "merged"; readonly concepts: readonly ChosenConcept[] }
  /** Combined at each denoising step. */
  | {
      readonly kind: "composed";
      readonly concepts: readonly ChosenConcept[];
      readonly weighting: Weighting;
    };

export interface GenerateJob {
  readonly job: JobId;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly guidance: number;
  readonly eta: number;
  /** One an image. */
  readonly seeds: readonly number[];
  /** Null paints with the base model. */
  readonly concept: ChosenConcept | null;
  /** In place of one concept. */
  readonly blend?: Blend;
}

/** A small picture, for a look at what is not finished. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row from the top. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

export type GenerateEvent =
  | { readonly kind: "preparing"; readonly what: string }
  /** UNet calls done, over all images. */
  | { readonly kind: "progress"; readonly done: number; readonly total: number }
  | { readonly kind: "preview"; readonly index: number; readonly frame: Frame }
  /** An image is in the gallery. */
  | { readonly kind: "image"; readonly index: number; readonly imageId: string }
  /** What of a prompt did not fit into the text encoder. */
  | { readonly kind: "cut"; readonly text: string; readonly cut: string };

/** One image to be looked at again, as it was painted. */
export interface AttentionJob extends Omit<GenerateJob, "seeds"> {
  readonly seed: number;
}

export type AttentionProgress = Extract<GenerateEvent, { kind: "preparing" | "progress" }>;

/** Where in an image each word of its prompt looks (docs/attention.md). */
export interface PromptAttention {
  /** Of every heat map: the size of the latents. */
  readonly height: number;
  readonly width: number;
  readonly words: readonly WordHeat[];
}

export interface LossPoint {
  readonly step: number;
  readonly target: number;
  /** NaN where there are no regularisation images. */
  readonly regularisation: number;
  /** True where a gradient was not finite and the update was left out. */
  readonly skipped: boolean;
}

export type TrainEvent =
  | {
      readonly kind: "stage";
      readonly stage: "regularisation" | "views" | "sessions" | "compile" | "preview";
      readonly done: number;
      readonly total: number;
    }
  /** Steps since the last such event: at most a few times a second. */
  | {
      readonly kind: "steps";
      readonly points: readonly LossPoint[];
      /** Mean of the last steps; null while not known. */
      readonly millisecondsPerStep: number | null;
    }
  /** A preview is stored. */
  | { readonly kind: "preview"; readonly step: number }
  /** A checkpoint is stored. */
  | { readonly kind: "checkpoint"; readonly step: number }
  | { readonly kind: "notice"; readonly sentence: string };

export type TrainOutcome =
  | { readonly kind: "finished"; readonly conceptId: string }
  /** Stopped on request, with a checkpoint where at least one step was done. */
  | { readonly kind: "paused"; readonly step: number };

/** One of the things that a run teaches. */
export interface EstimateSubject {
  readonly category: string;
  readonly photos: number;
  /** Regularisation images that are used, and whether the model paints those of them that are not kept. */
  readonly regularisation: number;
  readonly generated: boolean;
}

export interface EstimateRequest {
  readonly settings: TrainSettings;
  readonly subjects: readonly EstimateSubject[];
  /** Pictures painted as previews in the course of the run. */
  readonly previewImages: number;
}

/** Bytes that training may use of the GPU; null is what is usual. */
export type MemoryBudget = number | null;

export interface Estimate {
  readonly seconds: number;
  /** Where the seconds go; they add up to `seconds`. */
  readonly parts: {
    readonly regularisation: number;
    readonly views: number;
    readonly steps: number;
    readonly previews: number;
  };
  /** Whether the speeds were measured in an earlier run, or only extrapolated from one UNet pass. */
  readonly measured: boolean;
  /** What it takes in memory, and how it is made to fit. */
  readonly plan: TrainingPlan;
}

export interface MergeJob {
  readonly job: JobId;
  readonly concepts: readonly ChosenConcept[];
  /** What the new concept is called. */
  readonly name: string;
}

export interface MergeProgress {
  /** Sentence part: "reading captions". */
  readonly what: string;
  /** From 0 to 1. */
  readonly done: number;
}

/** What a merge came to; see MergeReport in src/core/merge/merge.ts. */
export interface MergeFacts {
  readonly rows: number;
  readonly residual: number;
  /** Relative change of keys and values on captions that name none of the concepts: merged, and of each concept. */
  readonly drift: number;
  readonly driftAlone: readonly number[];
  /** Words as the merged concept has them, by concept. */
  readonly tokens: readonly (readonly string[])[];
}

/** Arithmetic on a stored concept. */
export interface ConceptJob {
  readonly job: JobId;
  readonly conceptId: string;
}

export interface CompressJob extends ConceptJob {
  /** Share of the singular values' sum that remains at least, from 0 to 1. */
  readonly keep: number;
  /** What the new concept is called. */
  readonly name: string;
}

export interface ExportJob extends ConceptJob {
  readonly to: ExportTarget;
  /** Share of the singular values' sum that formats of factors keep, above 0 to 1. */
  readonly keep: number;
  /** Factor on the weight difference. */
  readonly strength: number;
}

export interface ExportedFile {
  /** "delta.bin", or "diffusers.zip" of several. */
  readonly name: string;
  readonly file: Blob;
  /** The files in it, or its own name. */
  readonly contents: readonly string[];
}

/** What a file of another tool holds. */
export interface ForeignContent {
  readonly format: ExchangeFormat;
  /** Words that it has rows for. */
  readonly tokens: readonly string[];
  /** Matrices and biases that it changes; 0 in a file of words alone. */
  readonly layers: number;
  /** How it has them; null where it has none. */
  readonly kind: ExchangedWeight["kind"] | null;
  /** Width of the text features that it was made for; null where it does not say. */
  readonly textWidth: number | null;
}

export type InspectedFile =
  | {
      readonly kind: "concept";
      readonly summary: ConceptSummary;
      readonly thumbnails: readonly Blob[];
    }
  | { readonly kind: "foreign"; readonly content: ForeignContent };

/** Files of other tools that are one concept together. */
export interface ForeignImport {
  readonly files: readonly File[];
  /** What each of their words names, by word: "bear". */
  readonly categories: Readonly<Record<string, string>>;
  readonly name: string;
}

export interface CategoryHint {
  /** Tokens that the text encoder reads the word as. */
  readonly tokens: number;
  /** Whether it is one whole word of the model's vocabulary, so that the model probably knows it. */
  readonly known: boolean;
}

/** Where the time of the last step went. */
export interface Breakdown {
  readonly what: "training step" | "denoising step";
  /** Of the step as a whole; the mean of those that were waited for together. */
  readonly milliseconds: number;
  readonly sections: readonly {
    readonly name: string;
    /** By the engine's clock, the launches alone where nobody waited for the GPU; null where it is inside of others. */
    readonly milliseconds: number | null;
    /** By the GPU's clock; null where it has none, and for what it does not do. */
    readonly gpuMilliseconds: number | null;
  }[];
}

/** Calls reject with a StudioError. */
export interface EngineApi {
  /** What a model that is not here yet could do on this device. */
  prospects(size: ModelSize, memory: MemoryBudget): Promise<Prospects>;
  describeBackend(preference: BackendPreference): Promise<BackendReport>;
  /**
   * @param id of a model that comes with the studio, or of one in this browser's store
   * @param without optimisations that are switched off
   */
  openModel(
    id: string,
    preference: BackendPreference,
    onProgress: (progress: OpenProgress) => void,
    without?: readonly Optimisation[],
  ): Promise<ModelInfo>;
  /** Paints images into the gallery; gives their ids. */
  generate(job: GenerateJob, onEvent: (event: GenerateEvent) => void): Promise<string[]>;
  /** Samples an image again, stores nothing, and gives where each word of its prompt looks. */
  attention(
    job: AttentionJob,
    onProgress: (progress: AttentionProgress) => void,
  ): Promise<PromptAttention>;
  /** Trains a stored run from where it is, until it has finished or is stopped; `runId` is the job's id. */
  train(
    runId: string,
    memory: MemoryBudget,
    onEvent: (event: TrainEvent) => void,
  ): Promise<TrainOutcome>;
  /** Where the last step's time went, null while nobody knows; steps of the next seconds are measured. */
  breakdown(): Promise<Breakdown | null>;
  /** Asks a job to stop soon, wherever it is: `generate` and `attention` reject as "cancelled", `train` keeps a checkpoint. */
  stop(job: JobId): Promise<void>;
  /** Makes a checkpoint after the step that runs. */
  checkpoint(runId: string): Promise<void>;
  /** What a training run would take on this device with the open model. */
  estimate(request: EstimateRequest, memory: MemoryBudget): Promise<Estimate>;
  /** Merges stored concepts into a new one, which is stored; gives its id. */
  merge(
    job: MergeJob,
    onProgress: (progress: MergeProgress) => void,
  ): Promise<{ readonly conceptId: string; readonly facts: MergeFacts }>;
  /** What each share of a stored concept's singular values would weigh and leave out, in ascending order. */
  compressionChoices(
    job: ConceptJob,
    onProgress: (done: number) => void,
  ): Promise<CompressionChoice[]>;
  /** Stores a smaller concept beside a stored one; gives its id. */
  compress(job: CompressJob, onProgress: (done: number) => void): Promise<string>;
  /** A stored concept of the open model as other tools load it; several files come as one zip archive. */
  exportConcept(job: ExportJob, onProgress: (done: number) => void): Promise<ExportedFile>;
  /** Looks into a concept file, or a file of another tool, and stores nothing. */
  inspectFile(file: File): Promise<InspectedFile>;
  /** Rejects with why files of other tools cannot be a concept of the open model. */
  checkForeign(files: readonly File[]): Promise<void>;
  /** Stores files of other tools as a concept of the open model; gives its id. */
  importForeign(request: ForeignImport): Promise<string>;
  describeCategory(category: string): Promise<CategoryHint>;
  /** Tokens of a prompt that are read, and the end that does not fit. */
  countTokens(
    prompt: string,
    modifierTokens: readonly string[],
  ): Promise<{ readonly kept: number; readonly cut: string | null }>;
  /**
   * Reads a concept file whole and stores it; a file for another model than the open one is stored too, but only its
   * header can be checked.
   * @returns the concept's id
   */
  importConcept(file: Blob, name: string, thumbnails: readonly Blob[]): Promise<string>;
  close(): Promise<void>;
}
