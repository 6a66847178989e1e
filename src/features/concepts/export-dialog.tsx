/** @file A concept as the files of other tools: which format, how strongly, and the download. */
import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { EXPORT_KEEP, type ExportTarget } from "../../core/exchange/export-files.ts";
import type { ExportedFile } from "../../rpc/contracts.ts";
import { fileStem, useExport } from "../../state/concept-files.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { formatBytes } from "../../ui/format.ts";
import { LabelledSlider } from "../compose/labelled-slider.tsx";
import { EXPORT_FORMATS, formatProblem } from "./export-formats.ts";
import { JobProgress } from "./job-progress.tsx";
import { fitsModel, OtherModelNote } from "./other-model-note.tsx";
import { saveFile } from "./save-file.ts";

interface ExportDialogProps {
  readonly concept: ConceptRecord;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function ExportDialog({ concept, opened, onClose }: ExportDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={`Export “${concept.name}” for other tools`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <ExportForm concept={concept} onClose={onClose} />
    </Modal>
  );
}

/** Mounted anew each time the dialog opens. */
function ExportForm({ concept, onClose }: Omit<ExportDialogProps, "opened">) {
  const [to, setTo] = useState<ExportTarget>("diffusers");
  const [strength, setStrength] = useState(1);
  const [kept, setKept] = useState<Readonly<Partial<Record<ExportTarget, number>>>>(EXPORT_KEEP);
  const model = useOpenModel();
  const exporting = useExport();
  const keep = kept[to];
  const changesWeights = concept.train !== "token";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        exporting.start(
          { conceptId: concept.id, to, strength, keep: keep ?? 1 },
          ({ name, file }) => saveFile(file, `${fileStem(concept.name)}-${name}`),
        );
      }}
    >
      <Stack>
        <OtherModelNote concept={concept} model={model} />
        <Radio.Group label="Format" value={to} onChange={setTo}>
          <Stack gap="xs" mt="xs">
            {EXPORT_FORMATS.map((format) => {
              const problem = formatProblem(format, concept);
              return (
                <Radio
                  key={format.to}
                  value={format.to}
                  label={format.label}
                  description={problem ?? format.readers}
                  disabled={problem !== null}
                />
              );
            })}
          </Stack>
        </Radio.Group>
        {changesWeights ? (
          <LabelledSlider
            label={`Strength that is written into it: ${strength.toFixed(2)}`}
            max={1.5}
            value={strength}
            onChange={setStrength}
          />
        ) : null}
        {keep === undefined || !changesWeights ? null : (
          <LabelledSlider
            label={`Share of the singular values that is kept: ${Math.round(100 * keep)} %`}
            min={0.1}
            max={1}
            step={0.01}
            value={keep}
            onChange={(value) => setKept({ ...kept, [to]: value })}
          />
        )}
        {exporting.pending ? (
          <JobProgress
            what="Writing the files"
            done={exporting.progress}
            onCancel={exporting.cancel}
          />
        ) : null}
        {exporting.error === null ? null : (
          <ErrorAlert title="It could not be exported" error={exporting.error} />
        )}
        <div role="status">
          {exporting.result === null ? null : (
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              {doneSentence(exporting.result)}
            </Text>
          )}
        </div>
        <Group gap="xs">
          <Button
            type="submit"
            loading={exporting.pending}
            disabled={!fitsModel({ concept, model })}
          >
            Download
          </Button>
          <Button variant="default" onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** "diffusers.zip (4.6 MB) holds a.safetensors and <new1>.safetensors." */
function doneSentence({ name, file, contents }: ExportedFile): string {
  const size = formatBytes(file.size);
  return contents.length === 1
    ? `Downloaded: ${name}, ${size}.`
    : `Downloaded: an archive of ${size} with ${contents.join(", ")}. Unpack it before other tools load it.`;
}
