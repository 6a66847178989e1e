/** @file The small pictures of a concept in a row; they decorate a card that names it. */
import { ImageOff } from "../../ui/icons.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import classes from "./concept-card.module.css";

const MOST = 4;

export function Thumbnails({ pictures }: { readonly pictures: readonly Blob[] }) {
  if (pictures.length === 0) {
    return (
      <div className={`${classes.thumbnails ?? ""} ${classes.none ?? ""}`}>
        <ImageOff size={24} aria-hidden />
      </div>
    );
  }
  return (
    <div className={classes.thumbnails}>
      {pictures.slice(0, MOST).map((blob, index) => (
        <BlobImage key={index} blob={blob} alt="" />
      ))}
    </div>
  );
}
