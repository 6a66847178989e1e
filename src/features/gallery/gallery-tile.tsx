/** @file One image of the grid: opens full size, and can be marked for comparison. */
import { memo } from "react";
import type { ImageRecord } from "../../state/gallery.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import classes from "./gallery.module.css";
import { useNear } from "./use-near.ts";

interface GalleryTileProps {
  readonly image: ImageRecord;
  readonly marked: boolean;
  readonly onOpen: (id: string) => void;
  readonly onMark: (id: string) => void;
}

/** Bare elements: there may be hundreds, and Mantine's cost several times as much to mount. */
export const GalleryTile = memo(function GalleryTile({
  image: { id, png, settings },
  marked,
  onOpen,
  onMark,
}: GalleryTileProps) {
  const [near, ref] = useNear();
  const label = `${settings.prompt}, seed ${settings.seed}`;
  return (
    <li ref={ref} className={classes.tile} data-marked={marked ? true : undefined}>
      <button
        type="button"
        className={classes.open}
        aria-label={`Open: ${label}`}
        onClick={() => onOpen(id)}
      >
        {near ? <BlobImage blob={png} alt="" className={classes.picture} /> : null}
      </button>
      <input
        type="checkbox"
        className={classes.mark}
        aria-label={`Compare: ${label}`}
        checked={marked}
        onChange={() => onMark(id)}
      />
    </li>
  );
});
