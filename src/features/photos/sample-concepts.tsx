/** @file Things to teach without photos of one's own: the sample concepts that come with the studio. */
import { Card, Loader, SimpleGrid, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { usePhotoLibrary, type CaptionedPicture, type PreparedPhoto } from "../../state/photos.ts";
import {
  loadSamplePhotos,
  loadSampleRegularisation,
  sampleAddress,
  useSampleIndex,
  type SampleConcept,
} from "../../state/samples.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import classes from "./photos.module.css";

export interface ChosenSample {
  readonly name: string;
  readonly category: string;
  readonly photos: PreparedPhoto[];
  /** Pictures of its category, or null where the studio has none. */
  readonly regularisation: CaptionedPicture[] | null;
}

interface SampleConceptsProps {
  /** Height and width of the model's pictures, in pixels. */
  readonly pictureSize: number;
  /** The one to choose without being asked, by its id, or null. */
  readonly initial: string | null;
  readonly onChoose: (sample: ChosenSample) => void;
}

export function SampleConcepts({ pictureSize, initial, onChoose }: SampleConceptsProps) {
  const library = usePhotoLibrary();
  const index = useSampleIndex();
  const choose = useMutation({
    mutationFn: async (concept: SampleConcept): Promise<ChosenSample> => ({
      name: concept.name,
      category: concept.category,
      photos: await loadSamplePhotos(library, concept, pictureSize),
      regularisation: await loadSampleRegularisation(library, concept.category, pictureSize),
    }),
  });
  const { mutate, isIdle } = choose;
  const wanted = index.data?.concepts.find(({ id }) => id === initial);
  useEffect(() => {
    if (wanted !== undefined && isIdle) mutate(wanted, { onSuccess: onChoose });
  }, [wanted, isIdle, mutate, onChoose]);
  if (index.isError) {
    return (
      <ErrorAlert
        title="The samples could not be listed"
        error={index.error}
        onRetry={() => void index.refetch()}
      />
    );
  }
  return (
    <>
      {choose.isError ? (
        <ErrorAlert title="The sample could not be loaded" error={choose.error} />
      ) : null}
      <SimpleGrid
        component="ul"
        cols={{ base: 2, xs: 3, md: 6 }}
        spacing="sm"
        className={classes.samples}
        aria-label="Sample concepts"
      >
        {(index.data?.concepts ?? []).map((concept) => (
          <li key={concept.id}>
            <SampleCard
              concept={concept}
              busy={choose.isPending && choose.variables.id === concept.id}
              disabled={choose.isPending}
              // Asked for here, it is not called once the samples are gone: other photos were chosen meanwhile.
              onClick={() => mutate(concept, { onSuccess: onChoose })}
            />
          </li>
        ))}
      </SimpleGrid>
    </>
  );
}

interface SampleCardProps {
  readonly concept: SampleConcept;
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onClick: () => void;
}

function SampleCard({ concept, busy, disabled, onClick }: SampleCardProps) {
  const [first = ""] = concept.files;
  return (
    <Card
      component="button"
      type="button"
      withBorder
      padding="xs"
      className={classes.sample}
      disabled={disabled}
      aria-busy={busy}
      onClick={onClick}
    >
      <Card.Section>
        <img className={classes.square} src={sampleAddress(first)} alt="" loading="lazy" />
      </Card.Section>
      <Text size="sm" fw={500} mt={6}>
        {concept.name}
      </Text>
      <Text size="xs" c="dimmed">
        {busy ? <Loader size={12} aria-label="Loading" /> : concept.category}
      </Text>
    </Card>
  );
}
