/** @file Takes settings of a picture over into the form, that of Compose where it shows several concepts, and says what came of it. */
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { StudioError } from "../../core/errors.ts";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { readImageSettings } from "../../core/image/png-settings.ts";
import { useConcepts } from "../../state/concepts.ts";
import { useModel } from "../../state/engine-context.ts";
import { changeForm, currentForm } from "../../state/generation-form.ts";
import { useComposeForm } from "../../state/compose-form.ts";
import { errorSentence } from "../../ui/error-sentence.ts";
import { tellOnCompose } from "../compose/compose-notice.tsx";
import { type ComposedSettings, reuseComposition } from "../compose/reuse-composition.ts";
import { type Outcome, OutcomeAlert } from "./outcome-alert.tsx";
import { reuseSettings } from "./reuse-settings.ts";

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

  const [, navigate] = useLocation();

  const compose = (settings: ComposedSettings, from: string): void => {
    const open = model === null ? null : { ...model, latents: model.latentShape[2] };
    const form = useComposeForm.getState();
    const { fields, notes } = reuseComposition(settings, form, data?.concepts ?? [], open);
    form.change(fields);
    const { sampler, steps, guidance, eta } = settings;
    changeForm({ sampler, steps, guidance, eta });
    tellOnCompose({ title: `The form has the settings of ${from}`, sentences: notes });
    navigate("/compose");
  };
  const reuse = (settings: ImageSettings, from = "the image"): void => {
    const { composition } = settings;
    if (composition !== undefined) {
      compose({ ...settings, composition }, from);
      return;
    }
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
    notice: <OutcomeAlert outcome={outcome} onClose={() => setOutcome(null)} />,
  };
}
