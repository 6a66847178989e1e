/** @file Choosing the photos of a thing: drop, choose or paste them, see their squares, adjust and remove. */
import { Stack } from "@mantine/core";
import { useLayoutEffect, useRef, useState } from "react";
import { usePhotoLibrary, type PreparedPhoto } from "../../state/photos.ts";
import { meantAsPictures } from "./chosen-files.ts";
import { CropDialog } from "./crop-dialog.tsx";
import { DropArea } from "./drop-area.tsx";
import { FacesNotice } from "./faces-notice.tsx";
import { IntakeStatus } from "./intake-status.tsx";
import { PhotoGrid } from "./photo-grid.tsx";
import { PhotoCount } from "./photo-count.tsx";
import { useIntake } from "./use-intake.ts";

export interface PhotoPickerProps {
  readonly photos: readonly PreparedPhoto[];
  readonly onChange: (photos: PreparedPhoto[]) => void;
  /** Height and width of the model's pictures, in pixels. */
  readonly pictureSize: number;
}

export function PhotoPicker({ photos, onChange, pictureSize }: PhotoPickerProps) {
  const library = usePhotoLibrary();
  const [adjusting, setAdjusting] = useState<PreparedPhoto | null>(null);
  // Several photos may be read between two renders.
  const latest = useRef({ photos, onChange });
  useLayoutEffect(() => {
    latest.current = { photos, onChange };
  });
  // What is still being read when the page is left is not wanted any more.
  useLayoutEffect(
    () => () => {
      latest.current = { ...latest.current, onChange: () => undefined };
    },
    [],
  );
  const change = (edit: (photos: readonly PreparedPhoto[]) => PreparedPhoto[]): void => {
    const edited = edit(latest.current.photos);
    latest.current = { ...latest.current, photos: edited };
    latest.current.onChange(edited);
  };

  const intake = useIntake(async (file) => {
    const source = await library.open(file, file.name);
    const twin = latest.current.photos.find(({ digest }) => digest === source.digest);
    if (twin !== undefined) {
      return twin.name === file.name
        ? `"${file.name}" is here already.`
        : `"${file.name}" is the same file as "${twin.name}".`;
    }
    const photo = await library.cut(source, null, pictureSize);
    change((before) => [...before, photo]);
    return null;
  });

  return (
    <Stack gap="md">
      <DropArea
        prompt="Drop photos or a folder here"
        hint="JPEG, PNG, WebP, GIF, AVIF or HEIC. Ctrl+V or ⌘V pastes a picture."
        filesLabel="Choose photos"
        folderLabel="Choose a folder"
        takesPaste
        onFiles={(files) => intake.add(meantAsPictures(files))}
      />
      <FacesNotice />
      <div>
        <IntakeStatus intake={intake} />
        <PhotoCount count={photos.length} />
      </div>
      <PhotoGrid
        photos={photos}
        onAdjust={setAdjusting}
        onRemove={({ id }) => change((before) => before.filter((photo) => photo.id !== id))}
      />
      {adjusting === null ? null : (
        <CropDialog
          photo={adjusting}
          pictureSize={pictureSize}
          onClose={() => setAdjusting(null)}
          onCut={(cut) => {
            change((before) => before.map((photo) => (photo.id === cut.id ? cut : photo)));
            setAdjusting(null);
          }}
        />
      )}
    </Stack>
  );
}
