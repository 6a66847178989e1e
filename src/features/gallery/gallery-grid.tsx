/** @file The grid of images; a long gallery is mounted piece by piece as one scrolls. */
import { useState } from "react";
import type { ImageRecord } from "../../state/gallery.ts";
import { GalleryTile } from "./gallery-tile.tsx";
import classes from "./gallery.module.css";

interface GalleryGridProps {
  readonly images: readonly ImageRecord[];
  readonly marked: readonly string[];
  readonly onOpen: (id: string) => void;
  readonly onMark: (id: string) => void;
}

/** Few enough to be mounted within a frame or two. */
const PIECE = 30;

export function GalleryGrid({ images, marked, onOpen, onMark }: GalleryGridProps) {
  const [mounted, setMounted] = useState(PIECE);
  return (
    <>
      <ul className={classes.grid} aria-label="Images">
        {images.slice(0, mounted).map((image) => (
          <GalleryTile
            key={image.id}
            image={image}
            marked={marked.includes(image.id)}
            onOpen={onOpen}
            onMark={onMark}
          />
        ))}
      </ul>
      {mounted < images.length ? (
        // A new element for each piece, so that one still in view asks for the next.
        <More key={mounted} onNear={() => setMounted(mounted + PIECE)} />
      ) : null}
    </>
  );
}

function More({ onNear }: { readonly onNear: () => void }) {
  const watch = (element: HTMLDivElement): (() => void) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) onNear();
      },
      { rootMargin: "100% 0%" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  };
  return <div ref={watch} className={classes.more} />;
}
