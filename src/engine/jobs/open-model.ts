/** @file The model that is open: what every job computes with, and the concept that it last painted with. */
import { conceptLayout } from "../model/concept-layout.ts";
import { decodeConcept, describeConcept } from "../../core/concept/concept-file.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import { distinctTokens } from "../../core/merge/distinct-tokens.ts";
import type { BackendReport, Blend, ChosenConcept } from "../../rpc/contracts.ts";
import { concepts, type ConceptRecord } from "../../storage/concepts.ts";
import { speeds, type Speeds } from "../../storage/speeds.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { WeighedConcept } from "../sample/composition.ts";
import type { Pipeline } from "../sample/pipeline.ts";
import type { Pools } from "../train/draw.ts";
import { LatentPreview } from "./latent-preview.ts";

export class OpenModel {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly backend: BackendReport;
  readonly pipeline: Pipeline;
  readonly preview: LatentPreview;
  /** Latents of the run that was trained last, for when it goes on. */
  pools: { readonly runId: string; readonly pools: Pools } | null = null;
  /** What the pipeline paints with: "" is the base model alone, null something that cannot be named again. */
  private applied: string | null = "";

  constructor(model: Model, runtime: Runtime, backend: BackendReport, pipeline: Pipeline) {
    this.model = model;
    this.runtime = runtime;
    this.backend = backend;
    this.pipeline = pipeline;
    this.preview = new LatentPreview((latents) => pipeline.decode(latents));
  }

  /** Paints with a stored concept from now on, or with the base model alone; gives the concept's record. */
  async useStored(chosen: ChosenConcept | null): Promise<ConceptRecord | null> {
    if (chosen === null) {
      await this.apply("", null, 1);
      return null;
    }
    const { record, concept } = await this.readStored(chosen.id);
    await this.apply(`${chosen.id} ${chosen.strength}`, concept, chosen.strength);
    return record;
  }

  /**
   * Paints with several stored concepts from now on, merged or composed.
   * @returns their records, with the words that they have together
   */
  async useBlend(
    blend: Blend,
    merge: (concepts: readonly WeighedConcept[]) => Promise<Concept>,
  ): Promise<{ readonly record: ConceptRecord; readonly tokens: Concept["tokens"] }[]> {
    const stored = await Promise.all(blend.concepts.map(({ id }) => this.readStored(id)));
    const words = distinctTokens(stored.map(({ concept }) => concept().tokens));
    const used = stored.map(({ record }, i) => ({ record, tokens: words[i] ?? [] }));
    const name = blendName(blend);
    if (this.applied === name) return used;
    const weighed = stored.map(({ concept }, i) => ({
      concept: { ...concept(), tokens: words[i] ?? [] },
      strength: blend.concepts[i]?.strength ?? 1,
    }));
    const merged = blend.kind === "merged" ? await merge(weighed) : null;
    this.applied = null;
    if (blend.kind === "composed") await this.pipeline.compose(weighed, blend.weighting);
    else await this.pipeline.use(merged);
    this.applied = name;
    return used;
  }

  /** @throws StudioError "invalid-input" where it has been deleted */
  async readStored(
    id: string,
  ): Promise<{ readonly record: ConceptRecord; readonly concept: () => Concept }> {
    const record = await concepts.get(id);
    if (record === undefined) {
      throw new StudioError(
        "invalid-input",
        "The concept of this prompt is not in the studio any more; import it again, or take its word out of the prompt.",
      );
    }
    const bytes = new Uint8Array(await record.file.arrayBuffer());
    let decoded: Concept | null = null;
    return { record, concept: () => (decoded ??= this.decodeConcept(bytes)) };
  }

  /** Paints with a concept that is not stored, as it is in the middle of training. */
  async useUnstored(concept: Concept): Promise<void> {
    this.applied = null;
    await this.pipeline.use(concept);
  }

  /** @throws StudioError "invalid-input" where the file is damaged or belongs to another model */
  decodeConcept(bytes: Uint8Array): Concept {
    const faces = describeConcept(bytes).train === "crossattn";
    return decodeConcept(bytes, conceptLayout(this.model, faces), this.model);
  }

  readSpeeds(): Promise<Speeds> {
    return speeds.read(this.speedKey);
  }

  /** Keeps what was measured; where that fails, the next estimate measures again. */
  async keepSpeeds(measured: Speeds): Promise<void> {
    const known = await this.readSpeeds().catch(() => ({}));
    await speeds.write(this.speedKey, { ...known, ...measured }).catch(() => undefined);
  }

  async release(): Promise<void> {
    await this.pipeline.release();
    this.runtime.device?.destroy();
  }

  private async apply(name: string, read: (() => Concept) | null, strength: number): Promise<void> {
    if (this.applied === name) return;
    const concept = read === null ? null : read();
    this.applied = null;
    await this.pipeline.use(concept, strength);
    this.applied = name;
  }

  private get speedKey(): string {
    const { chosen, threads, adapter } = this.backend;
    return `${this.model.fingerprint} ${chosen} ${chosen === "wasm" ? threads : (adapter ?? "")}`;
  }
}

/** What tells a blend from others, painted regions and all. */
function blendName(blend: Blend): string {
  const concepts = blend.concepts.map(({ id, strength }) => `${id} ${strength}`);
  return JSON.stringify([blend.kind, concepts, blend.kind === "composed" ? blend.weighting : null]);
}
