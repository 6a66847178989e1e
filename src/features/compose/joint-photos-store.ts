/** @file Photos that were added on Compose for words whose own are not in this browser, kept while other pages are looked at. */
import { create } from "zustand";
import type { PreparedPhoto } from "../../state/photos.ts";

interface JointPhotosState {
  /** By the subject's key. */
  readonly photos: Readonly<Record<string, readonly PreparedPhoto[]>>;
  readonly change: (key: string, photos: readonly PreparedPhoto[]) => void;
}

export const useJointPhotos = create<JointPhotosState>()((set) => ({
  photos: {},
  change: (key, photos) => set((state) => ({ photos: { ...state.photos, [key]: photos } })),
}));
