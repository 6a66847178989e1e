/** @file Where the eye goes: the job that runs as it takes shape, then the image that came of it. */
import { Box, Button, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { useGeneration } from "../../state/engine-context.ts";
import { type ImageRecord, useImages } from "../../state/gallery.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { EXAMPLES } from "./examples.ts";
import { PreviewCanvas } from "./preview-canvas.tsx";
import classes from "./stage.module.css";

interface StageProps {
  readonly onExample: (prompt: string) => void;
  readonly onOpen: (image: ImageRecord) => void;
}

export function Stage({ onExample, onOpen }: StageProps) {
  const running = useGeneration(({ jobs }) =>
    jobs.find(({ state }) => !["waiting", "failed"].includes(state.kind)),
  );
  const latestId = useGeneration(({ latestImageId }) => latestImageId);
  const { data } = useImages();
  if (running !== undefined) {
    return <Previews key={running.id} count={running.request.seeds.length} />;
  }
  const latest = data?.images.find(({ id }) => id === latestId) ?? data?.images[0];
  if (latest !== undefined) {
    return (
      <div className={classes.stage}>
        <UnstyledButton className={classes.open} onClick={() => onOpen(latest)}>
          <BlobImage
            blob={latest.png}
            alt={`Newest image, open at full size: ${latest.settings.prompt}`}
            className={classes.picture}
          />
        </UnstyledButton>
      </div>
    );
  }
  return data === undefined ? null : <FirstVisit onExample={onExample} />;
}

function Previews({ count }: { readonly count: number }) {
  const columns = Math.ceil(Math.sqrt(count));
  return (
    <Box className={classes.stage} __vars={{ "--columns": columns.toString() }}>
      {Array.from({ length: count }, (_, index) => (
        <PreviewCanvas
          key={index}
          index={index}
          label={`Preview of image ${index + 1} of ${count}`}
        />
      ))}
    </Box>
  );
}

function FirstVisit({ onExample }: { readonly onExample: (prompt: string) => void }) {
  return (
    <div className={classes.empty}>
      <Stack gap="sm">
        <Title order={3} size="h4">
          Your first picture
        </Title>
        <Text size="sm">
          A prompt is in the box already: press Generate, and watch the picture come out of noise.
          Or start from one of these; the model that comes with the studio knows toy-like things in
          front of a scene.
        </Text>
        <Group gap="xs">
          {EXAMPLES.map((prompt) => (
            <Button
              key={prompt}
              variant="default"
              size="xs"
              className={classes.example}
              onClick={() => onExample(prompt)}
            >
              {prompt}
            </Button>
          ))}
        </Group>
      </Stack>
    </div>
  );
}
