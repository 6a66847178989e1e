/** @file Advanced: pictures painted on the way, to see what has been learnt. */
import { SimpleGrid, Textarea } from "@mantine/core";
import { useState } from "react";
import { useDraft } from "./draft-store.ts";
import { NumberField } from "./number-field.tsx";

/** Prompts as they are typed: one a line. */
function promptsOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line !== ""))];
}

export function PreviewFields({ prompts }: { readonly prompts: readonly string[] }) {
  const { every, seed, prompts: own } = useDraft(({ draft }) => draft.previews);
  const change = useDraft((state) => state.changePreviews);
  // Lines that are being typed are kept as they are; null shows the prompts that hold.
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <>
      <SimpleGrid cols={2} spacing="sm">
        <NumberField
          label="Every so many steps"
          description="0 paints none"
          min={0}
          allowDecimal={false}
          value={every}
          onChange={(steps) => change({ every: steps })}
        />
        <NumberField
          label="Seed of previews"
          description="The same for all"
          min={0}
          allowDecimal={false}
          value={seed}
          onChange={(value) => change({ seed: value })}
        />
      </SimpleGrid>
      <Textarea
        label="Prompts"
        description="One a line; each is painted every time."
        autosize
        minRows={2}
        maxRows={8}
        value={own !== null && typed !== null ? typed : prompts.join("\n")}
        onChange={({ currentTarget }) => {
          setTyped(currentTarget.value);
          change({ prompts: promptsOf(currentTarget.value) });
        }}
        onBlur={() => setTyped(null)}
      />
    </>
  );
}
