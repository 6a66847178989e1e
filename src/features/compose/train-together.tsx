/** @file The picked concepts trained again, together: what is missing for it, how long it takes, and the way there. */
import { Anchor, Button, Paper, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "wouter";
import type { ModelInfo } from "../../rpc/contracts.ts";
import { useConceptSources } from "../../state/concept-sources.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useRuns } from "../../state/runs.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { Brain } from "../../ui/icons.ts";
import { EstimateBox } from "../training/estimate-box.tsx";
import { NumberField } from "../training/number-field.tsx";
import { useStartRun } from "../training/use-start-run.ts";
import { useJointPhotos } from "./joint-photos-store.ts";
import {
  jointEstimateRequest,
  jointProblem,
  jointSubjects,
  newJointRun,
  usualJointSteps,
} from "./joint-run.ts";
import { MissingPhotos } from "./missing-photos.tsx";
import { isMadeOf, trainedTogether } from "./plan.ts";

interface TrainTogetherProps {
  /** The picked ones. */
  readonly concepts: readonly ConceptRecord[];
  /** All that fit the model, newest first. */
  readonly stored: readonly ConceptRecord[];
  readonly model: ModelInfo;
}

export function TrainTogether(props: TrainTogetherProps) {
  const { data: sources, error, refetch } = useConceptSources(props.concepts);
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="joint-title">
      <Stack gap="sm">
        <Title order={3} size="h4" id="joint-title">
          Trained together
        </Title>
        <Text size="sm">
          All of them taught to the model at once, each from its own photos, into one new concept.
          It takes about as long as training each of them again.
        </Text>
        <Before {...props} />
        {error === null ? null : (
          <ErrorAlert
            title="The photos cannot be read"
            error={error}
            onRetry={() => void refetch()}
          />
        )}
        {sources === undefined ? (
          error === null && <Skeleton h="10rem" />
        ) : (
          <JointForm {...props} sources={sources} />
        )}
      </Stack>
    </Paper>
  );
}

interface JointFormProps extends TrainTogetherProps {
  readonly sources: NonNullable<ReturnType<typeof useConceptSources>["data"]>;
}

function JointForm({ concepts, stored, model, sources }: JointFormProps) {
  const added = useJointPhotos(({ photos }) => photos);
  const [givenName, setName] = useState<string | null>(null);
  const [givenSteps, setSteps] = useState<number | null>(null);
  const { start, pending, error, problem: hindrance } = useStartRun();
  const draft = {
    model,
    subjects: jointSubjects(concepts, sources, added),
    name: givenName ?? usualName(concepts, stored),
    steps: givenSteps ?? usualJointSteps(concepts, sources, model),
  };
  const problem = jointProblem(draft);
  const sentence = hindrance ?? problem;
  return (
    <>
      <MissingPhotos
        concepts={concepts}
        subjects={draft.subjects}
        pictureSize={model.pictureSize}
      />
      <TextInput
        label="Name"
        value={draft.name}
        maxLength={100}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NumberField
        label="Steps"
        min={1}
        allowDecimal={false}
        value={draft.steps}
        onChange={setSteps}
      />
      <EstimateBox request={problem === null ? jointEstimateRequest(draft) : null} />
      <Stack gap={6}>
        <Button
          leftSection={<Brain size={16} aria-hidden />}
          style={{ alignSelf: "flex-start" }}
          disabled={sentence !== null}
          loading={pending}
          aria-describedby="joint-problem"
          onClick={() => start(newJointRun(draft, crypto.randomUUID(), Date.now()))}
        >
          Train them together
        </Button>
        <Text size="sm" c="dimmed" id="joint-problem">
          {sentence}
        </Text>
        {error === null ? null : <ErrorAlert title="The run could not be stored" error={error} />}
      </Stack>
    </>
  );
}

/** "A and B", and another where something is called so already. */
function usualName(concepts: readonly ConceptRecord[], stored: readonly ConceptRecord[]): string {
  const name = concepts.map((concept) => concept.name).join(" and ");
  const taken = stored.some((concept) => concept.name === name);
  return `${name}${taken ? ", together" : ""}`.slice(0, 100);
}

/** Where they were trained together already, or are on the way. */
function Before({ concepts, stored }: TrainTogetherProps) {
  const { data } = useRuns();
  const done = trainedTogether(stored, concepts);
  const open = data?.runs.find(
    ({ status, subjects }) =>
      status !== "finished" &&
      isMadeOf(
        subjects.flatMap(({ original }) => original ?? []),
        concepts,
      ),
  );
  return (
    <>
      {done === undefined ? null : (
        <Text size="sm">“{done.name}” was trained on them, and is in the comparison below.</Text>
      )}
      {open === undefined ? null : (
        <Text size="sm">
          The run{" "}
          <Anchor component={Link} href={`/runs/${open.id}`} inherit underline="always">
            {open.name}
          </Anchor>{" "}
          trains them together, and is at step {open.step} of {open.settings.steps}.
        </Text>
      )}
    </>
  );
}
