/** @file A model of this browser in the list: open it, go on downloading it, check its files, remove it. */
import { Button, Text } from "@mantine/core";
import { useState } from "react";
import type { ImportProgress as Bytes } from "../../rpc/hub-contract.ts";
import { useModel } from "../../state/engine-context.ts";
import { useHub, useImport } from "../../state/hub-context.ts";
import { hubTokens } from "../../state/hub-tokens.ts";
import { type ModelRecord, storedSize, useCheckModel, useRemoveModel } from "../../state/models.ts";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";
import { ImportProgress } from "./import-progress.tsx";
import { licenceWords } from "./licence-note.tsx";
import { ModelRow, OpenModelButton, useModelBadge } from "./model-row.tsx";
import { useOpenModel } from "./use-open-model.ts";

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

function sizeOf({ files }: ModelRecord): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function StoredModelRow({ model }: { readonly model: ModelRecord }) {
  const hub = useHub();
  const isChosen = useModel(({ modelId }) => modelId === model.id);
  const importing = useImport(({ status }) => status.kind === "importing");
  const resume = useImport((state) => state.resume);
  const { obstacle } = useOpenModel();
  const remove = useRemoveModel();
  const check = useCheckModel();
  const [progress, setProgress] = useState<Bytes | null>(null);
  const [stopping, setStopping] = useState(false);
  const [asking, setAsking] = useState(false);
  const isReady = model.state === "ready";
  const isBusy = importing || check.isPending || remove.isPending;
  const { origin } = model;
  const badge = useModelBadge(model.id) ?? (isReady ? null : "not complete");

  return (
    <ModelRow
      name={model.name}
      badge={badge}
      facts={[
        formatBytes(sizeOf(model)),
        licenceWords(model.licence),
        `${origin === undefined ? "imported" : "downloaded"} ${DATE.format(model.importedAt)}`,
        ...(origin === undefined ? [] : [`version ${origin.commit.slice(0, 7)}`]),
      ]}
      actions={
        <>
          {isReady ? <OpenModelButton id={model.id} name={model.name} /> : null}
          {isReady || origin === undefined || importing ? null : (
            <Button
              size="xs"
              disabled={isBusy}
              aria-label={`Resume the download of ${model.name}`}
              onClick={() => {
                const { server, repository, commit } = origin;
                const address = { server, repository, revision: commit };
                void resume({ address, token: hubTokens.get(server) });
              }}
            >
              Resume
            </Button>
          )}
          {isReady ? (
            <Button
              size="xs"
              variant="default"
              disabled={isBusy}
              aria-label={`Check the files of ${model.name}`}
              onClick={() => {
                setStopping(false);
                setProgress(null);
                check.mutate({ model, onProgress: setProgress });
              }}
            >
              Check files
            </Button>
          ) : null}
          <Button
            size="xs"
            variant="default"
            // Removing the open model opens the default one first.
            disabled={isBusy || (isChosen && obstacle !== null)}
            aria-label={`Remove ${model.name}`}
            onClick={() => setAsking(true)}
          >
            Remove
          </Button>
        </>
      }
    >
      {isReady || importing || check.isSuccess ? null : (
        <Text size="sm">
          {origin === undefined
            ? "Its import was not finished. Choose its folder below to go on, or remove it."
            : `Its download was not finished: ${formatBytes(storedSize(model))} are here. Resume it, or remove it.`}
        </Text>
      )}
      {check.isPending ? (
        <ImportProgress
          progress={progress}
          millisecondsLeft={null}
          stopping={stopping}
          onCancel={() => {
            setStopping(true);
            void hub.cancel();
          }}
        />
      ) : null}
      {check.data == null ? null : (
        <CheckResult damaged={check.data} fromFolder={origin === undefined} />
      )}
      {check.error === null ? null : (
        <ErrorAlert title="The files could not be checked" error={check.error} />
      )}
      {remove.error === null ? null : (
        <ErrorAlert title="The model was not removed" error={remove.error} />
      )}
      <ConfirmDialog
        opened={asking}
        title={`Remove ${model.name}?`}
        action="Remove"
        onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false);
          remove.mutate(model);
        }}
      >
        This frees {formatBytes(isReady ? sizeOf(model) : storedSize(model))} in this browser.{" "}
        {origin === undefined
          ? "The folder that it was imported from stays as it is, and so do concepts and images made with it; to use them again, import it again."
          : "Concepts and images made with it stay; to use them again, download it again."}
        {isChosen ? " It is the open model: the default model is opened in its place." : ""}
      </ConfirmDialog>
    </ModelRow>
  );
}

interface CheckResultProps {
  readonly damaged: readonly string[];
  readonly fromFolder: boolean;
}

function CheckResult({ damaged, fromFolder }: CheckResultProps) {
  const repair = fromFolder
    ? "Choose its folder below to repair it; only what is damaged is copied again."
    : "Resume its download to repair it; only what is damaged is downloaded again.";
  return (
    <Text size="sm" role="status" style={{ overflowWrap: "anywhere" }}>
      {damaged.length === 0
        ? "Every file is as it was stored."
        : `Not as stored: ${damaged.join(", ")}. ${repair}`}
    </Text>
  );
}
