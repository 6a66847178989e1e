/** @file How large the built app may be: about a tenth above what it is. A number is raised on purpose or not at all. */

export interface Budget {
  /** Ends a sentence about it. */
  readonly name: string;
  /** What the bytes are for, and who waits for them. */
  readonly reason: string;
  readonly bytes: number;
}

export const BUDGETS = {
  entryScript: {
    name: "the entry's JavaScript after compression",
    reason: "React, Mantine's frame and the stores: nothing is painted before it has come and run",
    bytes: 165_000,
  },
  entryStyle: {
    name: "the entry's CSS after compression",
    reason: "Mantine's styles, which the first paint waits for",
    bytes: 40_000,
  },
  firstPage: {
    name: "the JavaScript of the page Generate beside the entry's, after compression",
    reason: "a first visit waits for it to see more than the frame",
    bytes: 93_000,
  },
  engine: {
    name: "the engine's worker after compression",
    reason:
      "graphs, autodiff, half precision, plans, samplers, formats and the functions for onnxruntime: the model is not asked for before it runs",
    bytes: 235_000,
  },
  installed: {
    name: "what the service worker installs at once",
    reason: "on a first visit the engine waits for it",
    bytes: 2_500_000,
  },
  kept: {
    name: "all that is kept for working offline",
    reason: "the app, the default model, the samples and one of onnxruntime's files",
    bytes: 93_500_000,
  },
} satisfies Readonly<Record<string, Budget>>;

export type Measured = keyof typeof BUDGETS;
