/** @file Makes a concept smaller: a share to keep, what that weighs and leaves out, and a second concept of it. */
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { compressedTo, type CompressionChoice } from "../../core/concept/compress-concept.ts";
import { useCompress, useCompressionChoices } from "../../state/compression.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { FactList } from "../../ui/fact-list.tsx";
import { LabelledSlider } from "../compose/labelled-slider.tsx";
import { compressionFacts, isSmaller } from "./compression-facts.ts";
import { JobProgress } from "./job-progress.tsx";
import { OtherModelNote } from "./other-model-note.tsx";

interface CompressDialogProps {
  readonly concept: ConceptRecord;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function CompressDialog({ concept, opened, onClose }: CompressDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Make “${concept.name}” smaller`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <CompressForm concept={concept} onClose={onClose} />
    </Modal>
  );
}

/** Mounted anew each time the dialog opens. */
function CompressForm({ concept, onClose }: Omit<CompressDialogProps, "opened">) {
  const model = useOpenModel();
  const { choices, progress } = useCompressionChoices(concept);
  const before = compressedTo(concept.metrics);
  return (
    <Stack>
      <Text size="sm">
        The change of each layer is a sum of parts, the largest first. Leaving the small ones out
        makes the file smaller; the paper keeps 60 % and finds no difference in its scores.
      </Text>
      {before === null ? null : (
        <Text size="sm">
          It is compressed to {Math.round(100 * before)} % already. What is left out now is left out
          of what remains.
        </Text>
      )}
      <OtherModelNote concept={concept} model={model} />
      {choices.isFetching ? <JobProgress what="Taking its layers apart" done={progress} /> : null}
      {choices.error === null ? null : (
        <ErrorAlert title="It cannot be made smaller" error={choices.error} />
      )}
      {choices.data === undefined ? null : (
        <ShareForm concept={concept} choices={choices.data} onClose={onClose} />
      )}
    </Stack>
  );
}

interface ShareFormProps extends Omit<CompressDialogProps, "opened"> {
  /** One for each percent, in ascending order. */
  readonly choices: readonly CompressionChoice[];
}

function ShareForm({ concept, choices, onClose }: ShareFormProps) {
  const [percent, setPercent] = useState(60);
  const [given, setName] = useState<string | null>(null);
  /** The share that was saved last. */
  const [saved, setSaved] = useState<number | null>(null);
  const compress = useCompress();
  const choice = choices.find(({ keep }) => Math.round(100 * keep) === percent);
  const name = given ?? `${concept.name} (${percent} %)`.slice(-100);
  if (choice === undefined) return null;
  const smaller = isSmaller(choice, concept.file.size);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        compress.start({ conceptId: concept.id, keep: choice.keep, name: name.trim() }, () =>
          setSaved(percent),
        );
      }}
    >
      <Stack>
        <LabelledSlider
          label={`Share of the singular values that is kept: ${percent} %`}
          min={10}
          max={100}
          step={1}
          value={percent}
          onChange={setPercent}
        />
        <div aria-live="polite">
          <FactList facts={compressionFacts(choice, concept.file.size)} loading={false} />
          {smaller ? null : (
            <Text size="sm" mt="xs">
              That is no smaller than it is now; keep a smaller share.
            </Text>
          )}
        </div>
        <TextInput
          label="Name of the smaller one"
          maxLength={100}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        {compress.pending ? (
          <JobProgress
            what="Making it smaller"
            done={compress.progress}
            onCancel={compress.cancel}
          />
        ) : null}
        {compress.error === null ? null : (
          <ErrorAlert title="It was not made smaller" error={compress.error} />
        )}
        <div role="status">
          {saved !== percent ? null : (
            <Alert variant="light" title="Kept beside it">
              The smaller one is on the page Concepts, and “{concept.name}” is as it was.
            </Alert>
          )}
        </div>
        <Group gap="xs">
          <Button
            type="submit"
            loading={compress.pending}
            disabled={!smaller || name.trim() === "" || saved === percent}
          >
            Save as a new concept
          </Button>
          <Button variant="default" onClick={onClose}>
            {saved === null ? "Leave it" : "Done"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
