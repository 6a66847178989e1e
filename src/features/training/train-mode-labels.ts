/** @file What can be trained, in words. */
import type { TrainMode } from "../../core/concept/concept.ts";

export const TRAIN_MODE_LABELS: Readonly<
  Record<TrainMode, { readonly label: string; readonly explanation: string }>
> = {
  "kv+token": {
    label: "Keys, values and the word",
    explanation: "The paper's way, and right for almost anything.",
  },
  kv: {
    label: "Keys and values only",
    explanation: "The new word stays the rare word it starts from; to compare.",
  },
  token: {
    label: "The word only",
    explanation: "A file of a few kB that changes no weights, and less likeness.",
  },
  crossattn: {
    label: "All of cross-attention and the word",
    explanation: "For faces; slower, a larger file, and it cannot be merged.",
  },
};
