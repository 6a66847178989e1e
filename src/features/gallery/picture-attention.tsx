/** @file The picture at full size; on request, where each word of its prompt looks. To be keyed by the image. */
import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useId, useRef, useState } from "react";
import type { AttentionProgress } from "../../rpc/contracts.ts";
import { useAttention } from "../../state/attention.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useModel, useTraining } from "../../state/engine-context.ts";
import type { ImageRecord } from "../../state/gallery.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { ScanEye } from "../../ui/icons.ts";
import { attentionRequest, type Lookable } from "./attention-request.ts";
import { ownWord } from "./attention-words.ts";
import classes from "./attention.module.css";
import { HeatCanvas } from "./heat-canvas.tsx";
import viewerClasses from "./viewer.module.css";
import { WordPicker } from "./word-picker.tsx";

export function PictureAttention({ image }: { readonly image: ImageRecord }) {
  const lookable = useLookable(image);
  const { look, cancel, pending, progress, seen, error } = useAttention();
  // Undefined until a person chooses; null where they want none.
  const [chosen, choose] = useState<number | null>();
  const [opacity, setOpacity] = useState(0.65);
  const tokens = image.settings.concepts.map(({ token }) => token);
  const index = chosen === undefined && seen !== null ? ownWord(seen.words, tokens) : chosen;
  const word = index == null ? undefined : seen?.words[index];
  const below = useRef<HTMLDivElement>(null);
  // What was pressed goes away: the keyboard's place is where what comes instead of it will be.
  const keepPlace = (): void => below.current?.focus();
  const start = (): void => {
    if (lookable.kind === "ready") look(lookable.request);
    keepPlace();
  };
  return (
    <Stack gap="sm">
      <div className={classes.frame}>
        <BlobImage blob={image.png} alt={image.settings.prompt} className={viewerClasses.picture} />
        {seen === null || word === undefined ? null : (
          <HeatCanvas
            heat={word.heat}
            width={seen.width}
            height={seen.height}
            opacity={opacity}
            label={`Where “${word.text}” looks`}
          />
        )}
      </div>
      <div ref={below} tabIndex={-1} className={classes.below}>
        {seen !== null ? (
          <WordPicker
            seen={seen}
            chosen={index ?? null}
            onChoose={choose}
            opacity={opacity}
            onOpacity={setOpacity}
          />
        ) : pending ? (
          <LookingAgain
            progress={progress}
            onCancel={() => {
              cancel();
              keepPlace();
            }}
          />
        ) : (
          <LookButton lookable={lookable} onClick={start} />
        )}
      </div>
      {error === null ? null : (
        <ErrorAlert title="Where each word looks could not be seen" error={error} />
      )}
    </Stack>
  );
}

function useLookable({ settings }: ImageRecord): Lookable {
  const model = useModel(({ status }) => (status.kind === "open" ? status.info : null));
  const training = useTraining(({ activeRunId }) => activeRunId !== null);
  const { data } = useConcepts();
  const concepts = data === undefined ? null : new Set(data.concepts.map(({ id }) => id));
  return attentionRequest(settings, { model, concepts, training });
}

function LookButton({
  lookable,
  onClick,
}: {
  readonly lookable: Lookable;
  readonly onClick: () => void;
}) {
  const id = useId();
  const why = lookable.kind === "ready" ? null : lookable.sentence;
  return (
    <div>
      <Button
        variant="default"
        size="xs"
        leftSection={<ScanEye size={16} aria-hidden />}
        disabled={lookable.kind !== "ready"}
        aria-describedby={why === null ? undefined : id}
        onClick={onClick}
      >
        Where each word looks
      </Button>
      {why === null ? null : (
        <Text size="sm" c="dimmed" mt={4} id={id}>
          {why}
        </Text>
      )}
    </div>
  );
}

function LookingAgain({
  progress,
  onCancel,
}: {
  readonly progress: AttentionProgress | null;
  readonly onCancel: () => void;
}) {
  const sentence = sentenceOf(progress);
  const share = progress?.kind === "progress" ? progress.done / progress.total : 0;
  return (
    <Stack gap="xs">
      <Text size="sm" role="status">
        Painting it again to see where each word looks
      </Text>
      <Progress.Root size="sm">
        <Progress.Section value={100 * share} aria-label={sentence} />
      </Progress.Root>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {sentence}
        </Text>
        <Button variant="default" size="compact-sm" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  );
}

function sentenceOf(progress: AttentionProgress | null): string {
  if (progress === null) return "Waiting for the engine";
  return progress.kind === "preparing"
    ? `Preparing ${progress.what}`
    : `Step ${progress.done} of ${progress.total}`;
}
