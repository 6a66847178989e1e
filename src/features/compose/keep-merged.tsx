/** @file The picked concepts merged into one that is kept: its name, the way there, and what it came to. */
import { Button, Group, Paper, Progress, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { useComposeForm } from "../../state/compose-form.ts";
import { type ConceptRecord, useConcept } from "../../state/concepts.ts";
import { useMerge } from "../../state/merge.ts";
import { useTraining } from "../../state/engine-context.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { Shrink, Sparkles } from "../../ui/icons.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { formatBytes } from "../../ui/format.ts";
import { CompressDialog } from "../concepts/compress-dialog.tsx";
import { usePaintWith } from "../concepts/paint-with.ts";
import { mergeSentences } from "./merge-sentences.ts";
import { mergedFileBytes } from "./merged-size.ts";

export function KeepMerged({ concepts }: { readonly concepts: readonly ConceptRecord[] }) {
  const strengths = useComposeForm((form) => form.strengths);
  const training = useTraining(({ activeRunId }) => activeRunId !== null);
  const [given, setName] = useState<string | null>(null);
  const name = (given ?? concepts.map((concept) => concept.name).join(" and ")).slice(0, 100);
  const { merge, cancel, progress, outcome, error, pending } = useMerge();
  const paintWith = usePaintWith();
  const { data: kept } = useConcept(outcome?.conceptId ?? "");
  const model = useOpenModel();
  const [shrinking, setShrinking] = useState(false);
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="merge-title">
      <Stack gap="sm">
        <Title order={3} size="h4" id="merge-title">
          Merged into one
        </Title>
        <Text size="sm">
          One set of weights that does at each concept’s name what its own do, comes near them in
          longer prompts, and changes what the model does with all others little. It takes seconds,
          and no training.
        </Text>
        <TextInput
          label="Name"
          value={given ?? name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group gap="xs">
          <Button
            loading={pending}
            disabled={training || name.trim() === ""}
            onClick={() => {
              merge({
                name: name.trim(),
                concepts: concepts.map(({ id }) => ({ id, strength: strengths[id] ?? 1 })),
              });
            }}
          >
            Keep the merged concept
          </Button>
          {pending ? (
            <Button variant="default" onClick={cancel}>
              Cancel
            </Button>
          ) : null}
        </Group>
        {model === null ? null : (
          <Text size="xs" c="dimmed">
            Its file will be about {formatBytes(mergedFileBytes(model, concepts))}; it can be made
            smaller once it is there.
          </Text>
        )}
        {training ? (
          <Text size="sm" c="dimmed">
            A training run is under way; merge when it has finished or is paused.
          </Text>
        ) : null}
        {progress === null ? null : (
          <div>
            <Text size="sm">{progress.what}</Text>
            <Progress.Root size="sm">
              <Progress.Section value={100 * progress.done} aria-label={progress.what} />
            </Progress.Root>
          </div>
        )}
        {error === null ? null : <ErrorAlert title="Not merged" error={error} />}
        <div role="status">
          {outcome === null ? null : (
            <Stack gap={4}>
              {mergeSentences(outcome.facts, concepts).map((sentence) => (
                <Text key={sentence} size="sm">
                  {sentence}
                </Text>
              ))}
            </Stack>
          )}
        </div>
        {kept == null ? null : (
          <>
            <Text size="sm">Its file is {formatBytes(kept.file.size)}.</Text>
            <Group gap="xs">
              <Button
                variant="light"
                leftSection={<Sparkles size={16} aria-hidden />}
                onClick={() => paintWith(kept)}
              >
                Generate with it
              </Button>
              <Button
                variant="default"
                leftSection={<Shrink size={16} aria-hidden />}
                onClick={() => setShrinking(true)}
              >
                Make it smaller
              </Button>
            </Group>
            <CompressDialog concept={kept} opened={shrinking} onClose={() => setShrinking(false)} />
          </>
        )}
      </Stack>
    </Paper>
  );
}
