/** @file The page Compose: several concepts in one picture, merged or combined at each step, beside each of them alone. */
import { Anchor, Paper, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { Link } from "wouter";
import type { ModelInfo } from "../../rpc/contracts.ts";
import { useComposeForm } from "../../state/compose-form.ts";
import { type ConceptRecord, useConcepts } from "../../state/concepts.ts";
import { useModel } from "../../state/engine-context.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { Comparison } from "./comparison.tsx";
import { ComposeNotice } from "./compose-notice.tsx";
import { ConceptPicks } from "./concept-picks.tsx";
import { KeepMerged } from "./keep-merged.tsx";
import { pickProblem, trainedTogether } from "./plan.ts";
import { TrainTogether } from "./train-together.tsx";
import { WeightingFields } from "./weighting-fields.tsx";

export function ComposePage() {
  const { data, error, refetch } = useConcepts();
  const model = useModel(({ status }) => (status.kind === "open" ? status.info : null));
  return (
    <Stack gap="lg">
      <Title order={2}>Compose</Title>
      <ComposeNotice />
      {error === null ? null : (
        <ErrorAlert
          title="The concepts cannot be read"
          error={error}
          onRetry={() => void refetch()}
        />
      )}
      {data === undefined && error === null ? <Skeleton h="10rem" /> : null}
      {data === undefined ? null : (
        <Workbench
          concepts={data.concepts.filter(
            ({ baseModel }) => model === null || baseModel.fingerprint === model.fingerprint,
          )}
          model={model}
        />
      )}
    </Stack>
  );
}

interface WorkbenchProps {
  readonly concepts: readonly ConceptRecord[];
  /** Null while none is open. */
  readonly model: ModelInfo | null;
}

function Workbench({ concepts, model }: WorkbenchProps) {
  const ids = useComposeForm((form) => form.picked);
  const picked = ids
    .map((id) => concepts.find((concept) => concept.id === id))
    .filter((concept) => concept !== undefined);
  if (concepts.length < 2) return <TooFew count={concepts.length} />;
  const problem = pickProblem(picked);
  return (
    <>
      <ConceptPicks concepts={concepts} picked={picked} />
      {problem === null && model !== null ? (
        <>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <Stack gap="lg">
              <WeightingFields concepts={picked} latents={model.latentShape[2]} />
              <KeepMerged concepts={picked} />
            </Stack>
            <TrainTogether
              // Another set of concepts is another run, with a name and a length of its own.
              key={picked.map(({ id }) => id).join(" ")}
              concepts={picked}
              stored={concepts}
              model={model}
            />
          </SimpleGrid>
          <Comparison
            concepts={picked}
            joint={trainedTogether(concepts, picked)}
            latents={model.latentShape[2]}
          />
        </>
      ) : (
        <Text size="sm" c="dimmed" role="status">
          {problem ?? "The model is being opened."}
        </Text>
      )}
    </>
  );
}

function TooFew({ count }: { readonly count: number }) {
  return (
    <Paper withBorder p="lg">
      <Stack gap="sm">
        <Text fw={600}>Two things in one picture</Text>
        <Text size="sm">
          Concepts that were trained apart can be merged into one set of weights, kept apart and
          combined at each step of painting, or trained again together. That takes two concepts for
          the open model; {count === 0 ? "there is none yet" : "there is one so far"}.{" "}
          <Anchor component={Link} href="/concepts/new" inherit underline="always">
            {count === 0 ? "Teach it one" : "Teach it another"}
          </Anchor>
          , or import a concept file on the page Concepts.
        </Text>
      </Stack>
    </Paper>
  );
}
