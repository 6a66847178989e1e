/** @file Advanced: augmented views of the photos, and the caption that goes with them. */
import { Switch, TextInput } from "@mantine/core";
import type { TrainSettings } from "../../core/train/settings.ts";
import { useDraft } from "./draft-store.ts";
import { NumberField } from "./number-field.tsx";

export function ViewFields({ settings }: { readonly settings: TrainSettings }) {
  const change = useDraft((state) => state.changeSettings);
  return (
    <>
      <Switch
        label="Augmentation"
        description="Shows each photo smaller, larger and mirrored, with prompts that say so."
        checked={settings.augment}
        onChange={({ currentTarget }) => change({ augment: currentTarget.checked })}
      />
      {settings.augment ? (
        <NumberField
          label="Views of each photo"
          min={1}
          max={256}
          allowDecimal={false}
          value={settings.views}
          onChange={(views) => change({ views })}
        />
      ) : null}
      <TextInput
        label="Caption of a photo"
        description="{} is where the new word and the kind of thing go."
        value={settings.template}
        onChange={({ currentTarget }) => change({ template: currentTarget.value })}
      />
    </>
  );
}
