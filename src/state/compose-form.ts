/** @file What the page Compose holds: which concepts, how they share a picture, and what is painted to compare them. */
import { create } from "zustand";
import { randomSeed } from "./generation-form.ts";

export const WAYS = ["solved", "fixed", "regions"] as const;
export type Way = (typeof WAYS)[number];

export interface ComposeForm {
  /** Ids of concepts, in the order in which they were picked. */
  readonly picked: readonly string[];
  /** By concept id; 1 where it is not set. */
  readonly strengths: Readonly<Record<string, number>>;
  /** How concepts that are composed at each step share the picture. */
  readonly way: Way;
  /** By concept id; 1 where it is not set. */
  readonly weights: Readonly<Record<string, number>>;
  /** By concept id, for each latent from 0 to 1; nothing is painted where it is not set. */
  readonly masks: Readonly<Record<string, Float32Array>>;
  /** Null takes one that names all of them. */
  readonly prompt: string | null;
  readonly seed: number;
}

interface ComposeState extends ComposeForm {
  readonly change: (fields: Partial<ComposeForm>) => void;
}

export const useComposeForm = create<ComposeState>()((set) => ({
  picked: [],
  strengths: {},
  way: "solved",
  weights: {},
  masks: {},
  prompt: null,
  seed: randomSeed(),
  change: (fields) => set(fields),
}));
