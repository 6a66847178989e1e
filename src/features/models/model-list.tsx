/** @file The models there are: the one that comes with the studio, and those that were imported. */
import { Anchor, Paper, Stack, Text, Title } from "@mantine/core";
import { DEFAULT_MODEL } from "../../core/default-model.ts";
import { useStoredModels } from "../../state/models.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";
import { ModelRow, OpenModelButton, useModelBadge } from "./model-row.tsx";
import { StoredModelRow } from "./stored-model-row.tsx";
import classes from "./model-list.module.css";
import { useOpenModel } from "./use-open-model.ts";

const CARD = `${import.meta.env.BASE_URL}models/${DEFAULT_MODEL.folder}README.md`;

export function ModelList() {
  const stored = useStoredModels();
  const badge = useModelBadge(DEFAULT_MODEL.id);
  const { obstacle } = useOpenModel();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby="models-title">
      <Stack gap="sm">
        <Title order={3} size="h4" id="models-title">
          Models in this browser
        </Title>
        {obstacle === null ? null : (
          <Text size="sm" c="dimmed">
            {obstacle}
          </Text>
        )}
        <ul className={classes.list}>
          <ModelRow
            name={DEFAULT_MODEL.name}
            badge={badge}
            facts={[
              formatBytes(DEFAULT_MODEL.bytes),
              `licence ${DEFAULT_MODEL.licence}`,
              "comes with the studio",
            ]}
            actions={<OpenModelButton id={DEFAULT_MODEL.id} name={DEFAULT_MODEL.name} />}
          >
            <Text size="sm">
              Paints small toy-like pictures of about 150 things, and opens with no network.{" "}
              <Anchor href={CARD} target="_blank" underline="always" inherit>
                What it knows, how it was made, and its licences
              </Anchor>
            </Text>
          </ModelRow>
          {stored.data?.models.map((model) => (
            <StoredModelRow key={model.id} model={model} />
          ))}
        </ul>
        {stored.error === null ? null : (
          <ErrorAlert title="The list of models could not be read" error={stored.error} />
        )}
        {stored.data === undefined || stored.data.unreadable === 0 ? null : (
          <Text size="sm" c="dimmed">
            {stored.data.unreadable === 1
              ? "One model was"
              : `${stored.data.unreadable} models were`}{" "}
            imported by another version of the studio and cannot be read; they are left as they are.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
