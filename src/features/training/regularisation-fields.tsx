/** @file Advanced: pictures of other things of the kind, which keep the model from forgetting what it knows. */
import { Progress, Radio, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { usePhotoLibrary } from "../../state/photos.ts";
import { loadSampleRegularisation, useSampleIndex } from "../../state/samples.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { RegularisationPicker } from "../photos/regularisation-picker.tsx";
import { EMPTY_DRAFT } from "./draft.ts";
import { useDraft } from "./draft-store.ts";
import { NumberField } from "./number-field.tsx";

const PAINTED = EMPTY_DRAFT.regularisation;

export function RegularisationFields({ pictureSize }: { readonly pictureSize: number }) {
  const { regularisation: chosen, category } = useDraft(({ draft }) => draft);
  const change = useDraft((state) => state.change);
  const sample = useSampleSet(category, pictureSize);
  const set = (regularisation: typeof chosen): void => change({ regularisation });
  return (
    <>
      <Radio.Group
        label="Pictures of other such things"
        description="They keep the model from turning everything of the kind into yours."
        value={sample.loading ? "sample" : chosen.kind}
        onChange={(value) => {
          if (value === "none") set({ kind: "none" });
          else if (value === "generate") set(PAINTED);
          else if (value === "own") set({ kind: "own", pictures: [] });
          else sample.load();
        }}
      >
        <Stack gap="xs" mt={6}>
          <Radio
            value="generate"
            label="Painted by the model"
            description="Before it learns; kept for the next run of this kind."
          />
          {sample.available || chosen.kind === "sample" ? (
            <Radio
              value="sample"
              label={`The studio’s sample set “${chosen.kind === "sample" ? chosen.category : sample.category}”`}
              description="Comes with the studio; nothing has to be painted."
            />
          ) : null}
          <Radio value="own" label="Your own" description="Drop pictures or a folder." />
          <Radio
            value="none"
            label="None"
            description="Faster, and the model forgets more of what it knew."
          />
        </Stack>
      </Radio.Group>
      {sample.loading ? (
        <Progress value={100 * sample.progress} aria-label="Loading the sample set" />
      ) : null}
      {sample.error === null ? null : (
        <ErrorAlert title="The sample set could not be loaded" error={sample.error} />
      )}
      {chosen.kind === "generate" ? (
        <NumberField
          label="How many"
          min={1}
          max={1000}
          allowDecimal={false}
          value={chosen.count}
          onChange={(count) => set({ kind: "generate", count })}
        />
      ) : null}
      {chosen.kind === "sample" ? (
        <Text size="sm" c="dimmed">
          {chosen.pictures.length} pictures.
        </Text>
      ) : null}
      {chosen.kind === "own" ? (
        <RegularisationPicker
          category={category}
          pictures={chosen.pictures}
          pictureSize={pictureSize}
          onChange={(pictures) => set({ kind: "own", pictures })}
        />
      ) : null}
    </>
  );
}

/** The sample set of a category, where the studio has one, and loading it into the draft. */
function useSampleSet(typed: string, pictureSize: number) {
  const library = usePhotoLibrary();
  const change = useDraft((state) => state.change);
  const index = useSampleIndex();
  const [progress, setProgress] = useState(0);
  const category = typed.trim().toLowerCase();
  const load = useMutation({
    mutationFn: () =>
      loadSampleRegularisation(library, category, pictureSize, (done, total) => {
        setProgress(done / total);
      }),
    onMutate: () => setProgress(0),
    onSuccess: (pictures) => {
      if (pictures !== null) change({ regularisation: { kind: "sample", category, pictures } });
    },
  });
  return {
    category,
    available: index.data?.regularisation.some((set) => set.category === category) === true,
    load: () => load.mutate(),
    loading: load.isPending,
    progress,
    error: load.error,
  };
}
