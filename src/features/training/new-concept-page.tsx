/** @file The page of a new concept: photos or a sample, words, a few settings, what it will take, and Train. */
import { Anchor, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Brain } from "../../ui/icons.ts";
import { useMemo } from "react";
import { Link, useLocation } from "wouter";
import { defaultSettings } from "../../core/train/settings.ts";
import type { ModelInfo } from "../../rpc/contracts.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useModel } from "../../state/engine-context.ts";
import { useRuns } from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { PhotoPicker } from "../photos/photo-picker.tsx";
import { SampleConcepts } from "../photos/sample-concepts.tsx";
import { AdvancedDrawer } from "./advanced-drawer.tsx";
import { ConceptFields } from "./concept-fields.tsx";
import {
  draftProblem,
  draftPrompts,
  draftSettings,
  EMPTY_DRAFT,
  estimateRequest,
  newRun,
} from "./draft.ts";
import { useDraft } from "./draft-store.ts";
import { EstimateBox } from "./estimate-box.tsx";
import { freeToken } from "./free-token.ts";
import { SimpleSettings } from "./simple-settings.tsx";
import { useStartRun } from "./use-start-run.ts";
import classes from "./new-concept.module.css";

interface NewConceptPageProps {
  /** The sample to begin with, by its id, or null. */
  readonly sample: string | null;
}

export function NewConceptPage({ sample }: NewConceptPageProps) {
  const status = useModel((state) => state.status);
  const { draft, clear } = useDraft();
  return (
    <Stack>
      <Anchor component={Link} href="/concepts" size="sm" className={classes.back}>
        All concepts
      </Anchor>
      <Group justify="space-between">
        <Title order={2}>New concept</Title>
        {draft === EMPTY_DRAFT ? null : (
          <Button variant="default" onClick={clear}>
            Start over
          </Button>
        )}
      </Group>
      {status.kind === "open" ? <Form model={status.info} sample={sample} /> : null}
      {status.kind === "opening" ? (
        <Text>The model is being opened; the page Models shows how far it is.</Text>
      ) : null}
      {status.kind === "failed" ? (
        <ErrorAlert title="The model could not be opened" error={status.error} />
      ) : null}
    </Stack>
  );
}

interface FormProps extends NewConceptPageProps {
  readonly model: ModelInfo;
}

function Form({ model, sample }: FormProps) {
  const { draft, change } = useDraft();
  const words = useUsedWords();
  const [advanced, { open, close }] = useDisclosure(false);
  const context = { draft, model, freeToken: words.free };
  const settings = draftSettings(context);
  const problem = draftProblem(context);
  const { pictureSize } = model;
  return (
    <div className={classes.columns}>
      <Stack gap="lg">
        <section aria-labelledby="photos-title">
          <Title order={3} size="h4" mb="xs" id="photos-title">
            Photos of one thing
          </Title>
          <PhotoPicker
            photos={draft.photos}
            pictureSize={pictureSize}
            onChange={(photos) => change({ photos })}
          />
        </section>
        {draft.photos.length > 0 ? null : <Samples pictureSize={pictureSize} initial={sample} />}
      </Stack>
      <Paper withBorder p="md" className={classes.aside}>
        <Stack>
          <ConceptFields freeToken={words.free} usedTokens={words.owners} />
          <SimpleSettings
            steps={settings.steps}
            defaultSteps={defaultSettings(model.textWidth).steps}
            onAdvanced={open}
          />
          <EstimateBox request={problem === null ? estimateRequest(context) : null} />
          <TrainButton problem={problem} make={(id) => newRun(context, id, Date.now())} />
        </Stack>
      </Paper>
      <AdvancedDrawer
        opened={advanced}
        onClose={close}
        settings={settings}
        prompts={draftPrompts(context)}
        pictureSize={pictureSize}
        problem={draft.photos.length === 0 ? null : problem}
      />
    </div>
  );
}

interface SamplesProps {
  readonly pictureSize: number;
  readonly initial: string | null;
}

function Samples({ pictureSize, initial }: SamplesProps) {
  const [, navigate] = useLocation();
  const change = useDraft((state) => state.change);
  return (
    <section aria-labelledby="samples-title">
      <Title order={3} size="h4" mb="xs" id="samples-title">
        Or try a sample
      </Title>
      <SampleConcepts
        pictureSize={pictureSize}
        initial={initial}
        onChoose={({ regularisation, ...sample }) => {
          change(sample);
          // Starting over is to start with nothing.
          navigate("/concepts/new", { replace: true });
          if (regularisation === null) return;
          const { category } = sample;
          change({ regularisation: { kind: "sample", category, pictures: regularisation } });
        }}
      />
    </section>
  );
}

interface TrainButtonProps {
  /** Why training cannot begin, or null. */
  readonly problem: string | null;
  readonly make: (id: string) => ReturnType<typeof newRun>;
}

function TrainButton({ problem, make }: TrainButtonProps) {
  const clear = useDraft((state) => state.clear);
  const { start, pending, error, problem: hindrance } = useStartRun();
  const sentence = hindrance ?? problem;
  return (
    <Stack gap={6}>
      <Button
        size="md"
        leftSection={<Brain size={18} aria-hidden />}
        disabled={sentence !== null}
        loading={pending}
        aria-describedby="train-problem"
        onClick={() => start(make(crypto.randomUUID()), clear)}
      >
        Train
      </Button>
      <Text size="sm" c="dimmed" id="train-problem">
        {sentence}
      </Text>
      {error === null ? null : <ErrorAlert title="The run could not be stored" error={error} />}
    </Stack>
  );
}

/** Words of stored concepts and of runs on their way to one. */
function useUsedWords(): {
  readonly free: string;
  readonly owners: ReadonlyMap<string, string>;
} {
  const { data: stored } = useConcepts();
  const { data: trained } = useRuns();
  return useMemo(() => {
    const owners = new Map<string, string>();
    const claim = (token: string, name: string): void => {
      if (!owners.has(token.toLowerCase())) owners.set(token.toLowerCase(), name);
    };
    for (const { tokens, name } of stored?.concepts ?? []) {
      for (const { token } of tokens) claim(token, name);
    }
    for (const { subjects, name, status } of trained?.runs ?? []) {
      if (status === "finished") continue;
      for (const { token } of subjects) claim(token, name);
    }
    return { free: freeToken(owners.keys()), owners };
  }, [stored, trained]);
}
