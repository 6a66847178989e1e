/** @file The formats that a concept can be written in: what each is called, and who reads it. */
import {
  EXPORT_KEEP,
  EXPORT_TARGETS,
  type ExportTarget,
} from "../../core/exchange/export-files.ts";
import type { ConceptRecord } from "../../state/concepts.ts";

export interface ExportFormat {
  readonly to: ExportTarget;
  readonly label: string;
  /** One sentence on who reads it. */
  readonly readers: string;
  /** Whether it holds factors, of which a share can be left out. */
  readonly factors: boolean;
}

const TEXTS: Readonly<Record<ExportTarget, readonly [label: string, readers: string]>> = {
  diffusers: [
    "diffusers",
    "For load_attn_procs and load_textual_inversion: pytorch_custom_diffusion_weights.safetensors and a file for each word.",
  ],
  "diffusers-bin": [
    "diffusers, as .bin",
    "The same files as PyTorch archives, for diffusers before it read safetensors.",
  ],
  "delta-bin": [
    "Original code (delta.bin)",
    "For the diffusers scripts of the method’s authors; weights and words in one file.",
  ],
  "delta-compressed": [
    "Original code, compressed",
    "The same as their --compress writes it: factors in place of whole weights.",
  ],
  compvis: [
    "Original code, CompVis (delta.ckpt)",
    "For the authors’ first scripts, which are built on CompVis’ Stable Diffusion.",
  ],
  webui: [
    "Web UI extension",
    "For the Custom Diffusion extension of AUTOMATIC1111’s web UI: differences, and an embedding for each word.",
  ],
  lora: [
    "LoRA and embeddings",
    "For whatever loads a LoRA and textual inversion: web UIs, ComfyUI, diffusers.",
  ],
};

export const EXPORT_FORMATS: readonly ExportFormat[] = EXPORT_TARGETS.map((to) => {
  const [label, readers] = TEXTS[to];
  return { to, label, readers, factors: EXPORT_KEEP[to] !== undefined };
});

/** Why a concept cannot be written so; null where it can. */
export function formatProblem(
  { factors }: Pick<ExportFormat, "factors">,
  { train }: Pick<ConceptRecord, "train">,
): string | null {
  return factors && train === "crossattn"
    ? "Not for a concept of the face mode: it changes biases, which factors have no place for."
    : null;
}
