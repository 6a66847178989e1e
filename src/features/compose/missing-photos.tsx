/** @file Picked concepts whose photos are not in this browser: which, why, and the way to add some for each of their words. */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { ConceptRecord } from "../../state/concepts.ts";
import { ImagePlus } from "../../ui/icons.ts";
import { PhotoPicker } from "../photos/photo-picker.tsx";
import { useJointPhotos } from "./joint-photos-store.ts";
import type { JointSubject } from "./joint-run.ts";

interface MissingPhotosProps {
  readonly concepts: readonly ConceptRecord[];
  readonly subjects: readonly JointSubject[];
  readonly pictureSize: number;
}

const REASONS: Readonly<Record<ConceptRecord["source"], string>> = {
  imported: "came as a file, without the photos it was taught with",
  merged: "was merged from others, and has no photos of its own",
  trained: "was trained by a run that was deleted, and its photos with it",
};

/** Shows nothing where all photos are there. */
export function MissingPhotos({ concepts, subjects, pictureSize }: MissingPhotosProps) {
  const [adding, setAdding] = useState<string | null>(null);
  const { photos, change } = useJointPhotos();
  const subject = subjects.find(({ key }) => key === adding);
  const close = (): void => setAdding(null);
  return (
    <>
      {concepts.map(({ id, name, source }) => {
        const own = subjects.filter(({ original, added }) => added && original === id);
        return own.length === 0 ? null : (
          <Stack key={id} gap={6}>
            <Text size="sm">
              “{name}” {REASONS[source]}. Add photos here
              {source === "merged" ? ", or pick the concepts that it was merged from." : "."}
            </Text>
            {own.map(({ key, token, category, photos: chosen }) => (
              <Button
                key={key}
                variant="default"
                size="xs"
                h="auto"
                mih="1.9rem"
                styles={{ label: { whiteSpace: "normal" } }}
                style={{ alignSelf: "flex-start" }}
                leftSection={<ImagePlus size={14} aria-hidden />}
                onClick={() => setAdding(key)}
              >
                {chosen.length === 0
                  ? `Add photos of ${token} ${category}`
                  : `Photos of ${token} ${category}: ${chosen.length}`}
              </Button>
            ))}
          </Stack>
        );
      })}
      <Modal
        opened={subject !== undefined}
        onClose={close}
        size="lg"
        title={subject === undefined ? "" : `Photos of ${subject.token} ${subject.category}`}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {subject === undefined ? null : (
          <Stack gap="md">
            <PhotoPicker
              photos={photos[subject.key] ?? []}
              pictureSize={pictureSize}
              onChange={(chosen) => change(subject.key, chosen)}
            />
            <Button onClick={close}>Done</Button>
          </Stack>
        )}
      </Modal>
    </>
  );
}
