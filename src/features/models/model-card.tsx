/** @file The open model: what it is, what computes it and why, and the choice of backend. */
import {
  Button,
  Group,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  Title,
  VisuallyHidden,
} from "@mantine/core";
import { DEFAULT_MODEL } from "../../core/default-model.ts";
import type { BackendPreference, ModelInfo } from "../../rpc/contracts.ts";
import { useModel, useTraining } from "../../state/engine-context.ts";
import type { ModelState, ModelStatus } from "../../state/model-store.ts";
import { useStoredModels } from "../../state/models.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { formatBytes, formatCount, formatDuration } from "../../ui/format.ts";
import { BACKEND_LABELS } from "../../ui/backend-label.ts";
import classes from "./model-card.module.css";
import { LicenceNote } from "./licence-note.tsx";
import { OpeningProgress } from "./opening-progress.tsx";
import { TRAINING_OBSTACLE } from "./use-open-model.ts";

const CHOICES: { value: BackendPreference; label: string }[] = [
  { value: "auto", label: "Auto" },
  { value: "webgpu", label: BACKEND_LABELS.webgpu },
  { value: "wasm", label: BACKEND_LABELS.wasm },
];

/** For screen readers, which would otherwise hear every step of the progress; a failure is an alert. */
const ANNOUNCEMENTS: Readonly<Record<ModelStatus["kind"], string>> = {
  opening: "Opening the model.",
  open: "The model is open.",
  failed: "",
};

function factsOf(info: ModelInfo | null): Fact[] {
  const show = (value: (info: ModelInfo) => string): string | null =>
    info === null ? null : value(info);
  return [
    { name: "Size of text encoder and UNet", value: show(({ bytes }) => formatBytes(bytes)) },
    { name: "UNet nodes, as exported", value: show((i) => formatCount(i.unetNodes.exported)) },
    { name: "UNet nodes, shapes fixed", value: show((i) => formatCount(i.unetNodes.specialised)) },
    { name: "Cross-attention blocks", value: show((i) => formatCount(i.crossAttentionBlocks)) },
    { name: "K/V parameters to train", value: show((i) => formatCount(i.kvParameters)) },
    { name: "Pictures", value: show(({ pictureSize: size }) => `${size} × ${size} px`) },
    { name: "Latents", value: show(({ latentShape }) => latentShape.join(" × ")) },
    { name: "Time to open", value: show((i) => formatDuration(i.milliseconds)) },
  ];
}

/** One place for progress, the backend's reason and failures, so that nothing below it moves. */
function StatusLine({ modelId, preference, status, open, openModel }: ModelState) {
  switch (status.kind) {
    case "opening":
      return <OpeningProgress progress={status.progress} />;
    case "open":
      return (
        <Text size="sm" data-testid="backend-reason">
          {status.info.backend.reason}
        </Text>
      );
    case "failed":
      return (
        <Stack gap="sm">
          <ErrorAlert
            title="The model could not be opened"
            error={status.error}
            onRetry={() => open(preference)}
          />
          {modelId === DEFAULT_MODEL.id ? null : (
            <Group>
              <Button onClick={() => void openModel(DEFAULT_MODEL.id)}>
                Open the default model
              </Button>
            </Group>
          )}
        </Stack>
      );
  }
}

/** Name and licence, which are known before the model is open. */
function useChosenModel(): { readonly name: string; readonly licence: string | null } {
  const modelId = useModel((state) => state.modelId);
  const stored = useStoredModels();
  if (modelId === DEFAULT_MODEL.id) return DEFAULT_MODEL;
  const record = stored.data?.models.find(({ id }) => id === modelId);
  return record ?? { name: modelId, licence: null };
}

export function ModelCard() {
  const model = useModel((state) => state);
  const { preference, status, open } = model;
  const { name, licence } = useChosenModel();
  const training = useTraining(({ activeRunId }) => activeRunId !== null);
  const info = status.kind === "open" ? status.info : null;
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="model-title">
      <Stack gap="md">
        <div>
          <Text size="sm" c="dimmed">
            Open model
          </Text>
          <Title order={3} size="h3" id="model-title" className={classes.title}>
            {name}
          </Title>
          <LicenceNote licence={licence} />
        </div>
        <div>
          <Text size="sm" fw={500} mb={4} id="compute-label">
            Compute with
          </Text>
          <SegmentedControl
            aria-labelledby="compute-label"
            fullWidth
            data={CHOICES}
            value={preference}
            onChange={open}
            disabled={training}
          />
          {training ? (
            <Text size="sm" c="dimmed" mt={4}>
              {TRAINING_OBSTACLE}
            </Text>
          ) : null}
        </div>
        <div className={classes.status}>
          <StatusLine {...model} />
        </div>
        <VisuallyHidden role="status">{ANNOUNCEMENTS[status.kind]}</VisuallyHidden>
        <FactList facts={factsOf(info)} loading={status.kind === "opening"} />
      </Stack>
    </Paper>
  );
}
