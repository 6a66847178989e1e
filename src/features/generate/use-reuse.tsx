/** @file Takes settings of a picture over into the form, and says what came of it. */
import { Alert, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { StudioError } from "../../core/errors.ts";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { readImageSettings } from "../../core/image/png-settings.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useModel } from "../../state/engine-context.ts";
import { changeForm, currentForm } from "../../state/generation-form.ts";
import { errorSentence } from "../../ui/error-sentence.ts";
import { reuseSettings } from "./reuse-settings.ts";

interface Outcome {
  readonly title: string;
  readonly sentences: readonly string[];
}

/** Far above any picture of the studio; reading more would make the page wait. */
const MOST_BYTES = 16 * 2 ** 20;

async function settingsOfFile(file: Blob & { readonly name: string }): Promise<ImageSettings> {
  const refuse = (sentence: string): never => {
    throw new StudioError("invalid-input", sentence);
  };
  if (file.size > MOST_BYTES)
    refuse(`${file.name} is larger than 16 MB; choose a PNG from the gallery.`);
  const settings = readImageSettings(new Uint8Array(await file.arrayBuffer()));
  return (
    settings ??
    refuse(
      `${file.name} holds no settings of the studio. Choose a PNG that was downloaded from its gallery and not saved again by another program.`,
    )
  );
}

export function useReuse(): {
  readonly reuse: (settings: ImageSettings) => void;
  readonly reuseFile: (file: File) => void;
  readonly notice: ReactNode;
} {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { data } = useConcepts();
  const model = useModel(({ status }) => (status.kind === "open" ? status.info : null));

  const reuse = (settings: ImageSettings, from = "the image"): void => {
    const { fields, notes } = reuseSettings(settings, currentForm(), data?.concepts ?? [], model);
    changeForm(fields);
    setOutcome({ title: `The form has the settings of ${from}`, sentences: notes });
  };
  const reuseFile = async (file: File): Promise<void> => {
    try {
      reuse(await settingsOfFile(file), file.name);
    } catch (error) {
      setOutcome({ title: "No settings were taken over", sentences: [errorSentence(error)] });
    }
  };
  return {
    reuse: (settings) => reuse(settings),
    reuseFile: (file) => void reuseFile(file),
    notice:
      outcome === null ? null : (
        <Alert
          role="status"
          variant="light"
          title={outcome.title}
          withCloseButton
          closeButtonLabel="Close"
          onClose={() => setOutcome(null)}
        >
          {outcome.sentences.length === 0 ? null : (
            <Stack gap={4}>
              {outcome.sentences.map((sentence) => (
                <Text key={sentence} size="sm" style={{ overflowWrap: "anywhere" }}>
                  {sentence}
                </Text>
              ))}
            </Stack>
          )}
        </Alert>
      ),
  };
}
