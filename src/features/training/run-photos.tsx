/** @file The photos that a run trains on, under the words of what they show where it teaches several things. */
import { Stack, Text } from "@mantine/core";
import { type RunRecord, type StoredPhoto, useRunPhotos } from "../../state/runs.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import classes from "./run-page.module.css";
import { subjectWords } from "./run-words.ts";

export function RunPhotos({ run }: { readonly run: RunRecord }) {
  const { data: photos = [], error } = useRunPhotos(run);
  if (error !== null) return <ErrorAlert title="The photos cannot be read" error={error} />;
  if (run.subjects.length === 1) return <Photos label="Photos" photos={photos.flat()} />;
  return (
    <Stack gap="xs">
      {subjectWords(run.subjects).map((words, i) => (
        <div key={words}>
          <Text size="sm" c="dimmed" mb={4} aria-hidden>
            {words}
          </Text>
          <Photos label={`Photos of ${words}`} photos={photos[i] ?? []} />
        </div>
      ))}
    </Stack>
  );
}

interface PhotosProps {
  readonly label: string;
  readonly photos: readonly StoredPhoto[];
}

function Photos({ label, photos }: PhotosProps) {
  return (
    <ul className={classes.photos} aria-label={label}>
      {photos.map(({ name, png }, index) => (
        <li key={`${index} ${name}`}>
          <BlobImage blob={png} alt={name} title={name} className={classes.photo} />
        </li>
      ))}
    </ul>
  );
}
