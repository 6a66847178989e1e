/** @file The squares of the chosen photos, with names and what can be done with each. */
import { ActionIcon, Group, Text } from "@mantine/core";
import { Crop, X } from "../../ui/icons.ts";
import { useMemo, useRef } from "react";
import { usePhotoLibrary, type PhotoLibrary, type PreparedPhoto } from "../../state/photos.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import classes from "./photos.module.css";

interface PhotoGridProps {
  readonly photos: readonly PreparedPhoto[];
  readonly onAdjust: (photo: PreparedPhoto) => void;
  readonly onRemove: (photo: PreparedPhoto) => void;
}

export function PhotoGrid({ photos, onAdjust, onRemove }: PhotoGridProps) {
  const library = usePhotoLibrary();
  const twins = useMemo(() => findTwins(photos, library), [photos, library]);
  const list = useRef<HTMLUListElement>(null);
  if (photos.length === 0) return null;
  return (
    <ul ref={list} className={classes.grid} aria-label="Photos" tabIndex={-1}>
      {photos.map((photo) => (
        <li key={photo.id} className={classes.tile}>
          <BlobImage blob={photo.png} alt="" className={classes.square} />
          <Group gap={2} wrap="nowrap" justify="space-between">
            <Text size="xs" truncate title={photo.name}>
              {photo.name}
            </Text>
            <Group gap={2} wrap="nowrap">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Adjust the crop of ${photo.name}`}
                title="Adjust crop"
                onClick={() => onAdjust(photo)}
              >
                <Crop size={16} aria-hidden />
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${photo.name}`}
                title="Remove"
                onClick={() => {
                  // The button goes away with its photo; whoever uses the keyboard stays where the photos are.
                  list.current?.focus();
                  onRemove(photo);
                }}
              >
                <X size={16} aria-hidden />
              </ActionIcon>
            </Group>
          </Group>
          {twins.has(photo.id) ? (
            <Text size="xs" c="dimmed" className={classes.twin}>
              Looks much like {twins.get(photo.id)}. One of them will do.
            </Text>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

/** For a photo that looks like an earlier one, the earlier one's name. */
function findTwins(photos: readonly PreparedPhoto[], library: PhotoLibrary): Map<string, string> {
  const twins = new Map<string, string>();
  photos.forEach((photo, i) => {
    const twin = photos.slice(0, i).find((earlier) => library.looksLike(photo, earlier));
    if (twin !== undefined) twins.set(photo.id, twin.name);
  });
  return twins;
}
