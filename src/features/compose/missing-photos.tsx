/** @file Picked concepts whose photos are not in this browser: which, why, and a place to add some for each of their words. */
import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { ConceptRecord } from "../../state/concepts.ts";
import { ImagePlus } from "../../ui/icons.ts";
import { PhotoPicker } from "../photos/photo-picker.tsx";
import { useJointPhotos } from "./joint-photos-store.ts";
import type { JointSubject } from "./joint-run.ts";

interface MissingPhotosProps {
  readonly concepts: readonly ConceptRecord[];
  readonly subjects: readonly JointSubject[];
  /** Height and width of the model's pictures, in pixels. */
  readonly pictureSize: number;
}

const REASONS: Readonly<Record<ConceptRecord["source"], string>> = {
  imported: "came as a file, without the photos it was taught with. Add photos here.",
  merged:
    "was merged from others, and has no photos of its own. Pick the concepts that it was merged from instead, or add photos here.",
  trained: "was trained by a run that is not here any more, nor are its photos. Add photos here.",
};

/** Shows nothing where all photos are there. */
export function MissingPhotos({ concepts, subjects, pictureSize }: MissingPhotosProps) {
  // One at a time: a picture that is pasted has to go somewhere.
  const [opened, setOpened] = useState<string | null>(null);
  return concepts.map(({ id, name, source }) => {
    const own = subjects.filter(({ original, added }) => added && original === id);
    return own.length === 0 ? null : (
      <Stack key={id} gap={6}>
        <Text size="sm">
          “{name}” {REASONS[source]}
        </Text>
        {own.map((subject) => (
          <AddPhotos
            key={subject.key}
            subject={subject}
            pictureSize={pictureSize}
            opened={opened === subject.key}
            onToggle={() => setOpened(opened === subject.key ? null : subject.key)}
          />
        ))}
      </Stack>
    );
  });
}

interface AddPhotosProps extends Pick<MissingPhotosProps, "pictureSize"> {
  readonly subject: JointSubject;
  readonly opened: boolean;
  readonly onToggle: () => void;
}

function AddPhotos({ subject, pictureSize, opened, onToggle }: AddPhotosProps) {
  const { photos, change } = useJointPhotos();
  const thing = `${subject.token} ${subject.category}`;
  const chosen = photos[subject.key] ?? [];
  return (
    <>
      <Button
        variant="default"
        size="xs"
        h="auto"
        mih="1.9rem"
        styles={{ label: { whiteSpace: "normal" } }}
        style={{ alignSelf: "flex-start" }}
        leftSection={<ImagePlus size={14} aria-hidden />}
        aria-expanded={opened}
        onClick={onToggle}
      >
        {chosen.length === 0
          ? `Add photos of ${thing}`
          : `Photos of ${thing}: ${chosen.length} added`}
      </Button>
      {opened ? (
        <PhotoPicker
          photos={chosen}
          pictureSize={pictureSize}
          onChange={(now) => change(subject.key, now)}
        />
      ) : null}
    </>
  );
}
