/** @file The concepts as cards to pick from, and how strongly each of the picked ones counts. */
import { Checkbox, SimpleGrid, Stack, Title } from "@mantine/core";
import { useComposeForm } from "../../state/compose-form.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import { Thumbnails } from "../concepts/thumbnails.tsx";
import classes from "./compose.module.css";
import { LabelledSlider } from "./labelled-slider.tsx";

interface ConceptPicksProps {
  readonly concepts: readonly ConceptRecord[];
  readonly picked: readonly ConceptRecord[];
}

export function ConceptPicks({ concepts, picked }: ConceptPicksProps) {
  return (
    <Stack component="section" gap="xs" aria-labelledby="picks-title">
      <Title order={3} size="h4" id="picks-title">
        Concepts
      </Title>
      <SimpleGrid component="ul" cols={{ base: 1, xs: 2, md: 4 }} className={classes.list}>
        {concepts.map((concept) => (
          <Pick
            key={concept.id}
            concept={concept}
            picked={picked.some(({ id }) => id === concept.id)}
          />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function Pick({ concept, picked }: { readonly concept: ConceptRecord; readonly picked: boolean }) {
  const { change, strengths } = useComposeForm();
  const { id, name, tokens, thumbnails } = concept;
  const words = tokens.map(({ token, category }) => `${token} ${category}`).join(", ");
  const toggle = (): void => {
    const before = useComposeForm.getState().picked;
    // Another set of concepts has another usual prompt.
    change({
      picked: picked ? before.filter((other) => other !== id) : [...before, id],
      prompt: null,
    });
  };
  return (
    <li className={classes.pick} data-picked={picked ? true : undefined}>
      <Thumbnails pictures={thumbnails} />
      <Stack gap="xs" p="sm">
        <Checkbox
          checked={picked}
          onChange={toggle}
          label={name}
          description={words === "" ? "no word of its own" : words}
        />
        {picked ? (
          <LabelledSlider
            label={`Strength of “${name}”: ${(strengths[id] ?? 1).toFixed(2)}`}
            value={strengths[id] ?? 1}
            max={1.5}
            onChange={(strength) => change({ strengths: { ...strengths, [id]: strength } })}
          />
        ) : null}
      </Stack>
    </li>
  );
}
