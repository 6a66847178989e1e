/** @file Deleting at once, with a few seconds to take it back, on whichever page one is by then. */
import { useCallback, useEffect } from "react";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { type ImageRecord, useRemoveImage, useRestoreImages } from "../../state/gallery.ts";

const SECONDS_TO_UNDO = 8;

/** Deleted, and still to be had back; outlives the page that they were deleted on. */
const deletedImages = createStore<readonly ImageRecord[]>()(() => []);

const dismissDeleted = (): void => deletedImages.setState([], true);

export interface ImageRemoval {
  readonly error: unknown;
  readonly remove: (image: ImageRecord) => void;
}

export function useRemoveWithUndo(): ImageRemoval {
  const { mutate, error } = useRemoveImage();
  const remove = useCallback(
    (image: ImageRecord) =>
      mutate(image, {
        onSuccess: () => deletedImages.setState((before) => [...before, image], true),
      }),
    [mutate],
  );
  return { error, remove };
}

export interface UndoDelete {
  readonly deleted: readonly ImageRecord[];
  readonly error: unknown;
  readonly undo: () => void;
  readonly dismiss: () => void;
}

/** @param held while someone reads or points at the offer it does not go away */
export function useUndoDelete(held: boolean): UndoDelete {
  const deleted = useStore(deletedImages);
  const { mutate, error } = useRestoreImages();
  useEffect(() => {
    if (deleted.length === 0 || held) return;
    const timer = setTimeout(dismissDeleted, SECONDS_TO_UNDO * 1000);
    return () => clearTimeout(timer);
  }, [deleted, held]);
  return {
    deleted,
    error,
    undo: () => mutate(deleted, { onSuccess: dismissDeleted }),
    dismiss: dismissDeleted,
  };
}
