/** @file Each concept alone, trained together, merged, and composed, side by side from one seed; the pictures are in the gallery as well. */
import { Button, Group, Paper, Stack, Text, Textarea, Title } from "@mantine/core";
import { Sparkles } from "../../ui/icons.ts";
import { useComposeForm } from "../../state/compose-form.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useGeneration, useGenerationStore, useModel } from "../../state/engine-context.ts";
import { useImages } from "../../state/gallery.ts";
import { useGenerationForm } from "../../state/generation-form.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { ComposeSeed } from "./compose-seed.tsx";
import classes from "./compose.module.css";
import { type Column, comparison, isPictureOf } from "./plan.ts";
import { usualPrompt } from "./prompts.ts";
import { Queue } from "../generate/queue.tsx";
import { samplingOf } from "../generate/sampling.ts";

interface ComparisonProps {
  readonly concepts: readonly ConceptRecord[];
  /** What was trained on all of them together, where there is such a concept. */
  readonly joint: ConceptRecord | undefined;
  readonly latents: number;
}

export function Comparison({ concepts, joint, latents }: ComparisonProps) {
  const form = useComposeForm();
  const { add } = useGenerationStore().getState();
  const textWidth = useModel(({ status }) =>
    status.kind === "open" ? status.info.textWidth : null,
  );
  const sampling = useGenerationForm((settings) => settings);
  const columns = comparison(concepts, joint, form, samplingOf(sampling, textWidth), latents ** 2);
  const { data } = useImages();
  const pictures = columns.map((column) =>
    data?.images.find(({ settings }) => isPictureOf(column, settings)),
  );
  const queued = useGeneration(({ jobs }) => jobs);
  const missing = columns.filter(
    (column, i) => pictures[i] === undefined && !queued.some((job) => asks(column, job.request)),
  );
  const prompt = form.prompt ?? usualPrompt(concepts);
  return (
    <Stack component="section" gap="sm" aria-labelledby="comparison-title">
      <Title order={3} size="h4" id="comparison-title">
        Side by side
      </Title>
      <Group align="flex-end">
        <Textarea
          label="Prompt"
          flex="1 1 20rem"
          autosize
          minRows={1}
          value={prompt}
          onChange={(event) => form.change({ prompt: event.currentTarget.value })}
        />
        <ComposeSeed />
        <Button
          leftSection={<Sparkles size={16} aria-hidden />}
          disabled={prompt.trim() === "" || missing.length === 0}
          onClick={() => {
            for (const { request, title } of missing) add(request, title);
          }}
        >
          Paint {missing.length === columns.length ? "all" : "what is missing"}
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        Sampler, steps and guidance are those of the page Generate.
      </Text>
      <Queue />
      <ul className={classes.columns} aria-label="Comparison">
        {columns.map(({ key, title, request }, i) => (
          <Paper key={key} component="li" withBorder className={classes.column}>
            {pictures[i] === undefined ? (
              <div className={classes.blank}>Not painted yet</div>
            ) : (
              <BlobImage
                blob={pictures[i].png}
                alt={`${title}: ${request.prompt}`}
                className={classes.picture}
              />
            )}
            <Stack gap={2} p="xs">
              <Text size="sm" fw={600}>
                {title}
              </Text>
              <Text size="xs" c="dimmed">
                {request.prompt}
              </Text>
            </Stack>
          </Paper>
        ))}
      </ul>
    </Stack>
  );
}

function asks(column: Column, request: Column["request"]): boolean {
  return JSON.stringify(column.request) === JSON.stringify(request);
}
