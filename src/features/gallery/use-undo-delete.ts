/** @file Deleting at once, with a few seconds to take it back. */
import { useCallback, useEffect, useState } from "react";
import { type ImageRecord, useRemoveImage, useRestoreImages } from "../../state/gallery.ts";

const SECONDS_TO_UNDO = 8;

export interface UndoDelete {
  /** Deleted, and still to be had back. */
  readonly deleted: readonly ImageRecord[];
  readonly error: unknown;
  readonly remove: (image: ImageRecord) => void;
  readonly undo: () => void;
  readonly dismiss: () => void;
  /** While someone reads or points at the offer it does not go away. */
  readonly hold: (held: boolean) => void;
}

export function useUndoDelete(): UndoDelete {
  const [deleted, setDeleted] = useState<readonly ImageRecord[]>([]);
  const [held, setHeld] = useState(false);
  const removal = useRemoveImage();
  const restoring = useRestoreImages();
  const { mutate: removeImage } = removal;
  const { mutate: restoreImages } = restoring;

  const dismiss = useCallback(() => {
    setDeleted([]);
    setHeld(false);
  }, []);
  useEffect(() => {
    if (deleted.length === 0 || held) return;
    const timer = setTimeout(dismiss, SECONDS_TO_UNDO * 1000);
    return () => clearTimeout(timer);
  }, [deleted, held, dismiss]);

  const remove = useCallback(
    (image: ImageRecord) =>
      removeImage(image, { onSuccess: () => setDeleted((before) => [...before, image]) }),
    [removeImage],
  );
  return {
    deleted,
    error: removal.error ?? restoring.error,
    remove,
    undo: () => restoreImages(deleted, { onSuccess: dismiss }),
    dismiss,
    hold: setHeld,
  };
}
