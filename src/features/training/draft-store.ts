/** @file The draft of the form, kept while a person looks at other pages. */
import { create } from "zustand";
import { type Draft, EMPTY_DRAFT } from "./draft.ts";

export interface DraftState {
  readonly draft: Draft;
  readonly change: (fields: Partial<Draft>) => void;
  readonly changeSettings: (fields: Draft["settings"]) => void;
  readonly changePreviews: (fields: Partial<Draft["previews"]>) => void;
  /** Everything back to the defaults. */
  readonly clear: () => void;
}

export const useDraft = create<DraftState>()((set) => ({
  draft: EMPTY_DRAFT,
  change: (fields) => set(({ draft }) => ({ draft: { ...draft, ...fields } })),
  changeSettings: (fields) =>
    set(({ draft }) => ({ draft: { ...draft, settings: { ...draft.settings, ...fields } } })),
  changePreviews: (fields) =>
    set(({ draft }) => ({ draft: { ...draft, previews: { ...draft.previews, ...fields } } })),
  clear: () => set({ draft: EMPTY_DRAFT }),
}));
