/** @file The open model: what it is, what computes it and why, and the choice of backend. */
import { Paper, SegmentedControl, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import type { BackendPreference, ModelInfo } from "../../rpc/contracts.ts";
import { useModel } from "../../state/engine-context.ts";
import type { ModelStatus } from "../../state/model-store.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FactList, type Fact } from "../../ui/fact-list.tsx";
import { formatBytes, formatCount, formatDuration } from "../../ui/format.ts";
import { BACKEND_LABELS } from "../../ui/backend-label.ts";
import classes from "./model-card.module.css";
import { OpeningProgress } from "./opening-progress.tsx";

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
    { name: "Size of its files", value: show(({ bytes }) => formatBytes(bytes)) },
    { name: "UNet nodes, as exported", value: show((i) => formatCount(i.unetNodes.exported)) },
    { name: "UNet nodes, shapes fixed", value: show((i) => formatCount(i.unetNodes.specialised)) },
    { name: "Cross-attention blocks", value: show((i) => formatCount(i.crossAttentionBlocks)) },
    { name: "K/V parameters to train", value: show((i) => formatCount(i.kvParameters)) },
    { name: "Latents", value: show(({ latentShape }) => latentShape.join(" × ")) },
    { name: "Time to open", value: show((i) => formatDuration(i.milliseconds)) },
  ];
}

/** One place for progress, the backend's reason and failures, so that nothing below it moves. */
function StatusLine({ status, retry }: { status: ModelStatus; retry: () => void }) {
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
        <ErrorAlert title="The model could not be opened" error={status.error} onRetry={retry} />
      );
  }
}

export function ModelCard() {
  const { modelId, preference, status, open } = useModel((state) => state);
  const info = status.kind === "open" ? status.info : null;
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="model-title">
      <Stack gap="md">
        <div>
          <Text size="sm" c="dimmed">
            Model
          </Text>
          <Title order={2} size="h3" id="model-title" className={classes.title}>
            {info?.name ?? modelId}
          </Title>
        </div>
        <SegmentedControl
          aria-label="Compute with"
          fullWidth
          data={CHOICES}
          value={preference}
          onChange={open}
        />
        <div className={classes.status}>
          <StatusLine
            status={status}
            retry={() => {
              open(preference);
            }}
          />
        </div>
        <VisuallyHidden role="status">{ANNOUNCEMENTS[status.kind]}</VisuallyHidden>
        <FactList facts={factsOf(info)} loading={status.kind === "opening"} />
      </Stack>
    </Paper>
  );
}
