/** @file The concepts that can be put into the prompt, one chip each; those for other models say why they cannot. */
import { Anchor, Text, UnstyledButton } from "@mantine/core";
import { Link } from "wouter";
import type { ConceptRecord } from "../../state/concepts.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { fits } from "./concept-use.ts";
import { phraseOf } from "./prompt-phrases.ts";
import classes from "./concept-row.module.css";

interface ConceptRowProps {
  readonly concepts: readonly ConceptRecord[];
  readonly fingerprint: string | null;
  /** The concept that the prompt uses now. */
  readonly usedId: string | null;
  readonly onInsert: (concept: ConceptRecord) => void;
}

export function ConceptRow({ concepts, fingerprint, usedId, onInsert }: ConceptRowProps) {
  if (concepts.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Teach the model something of yours from a few photos, then use it in prompts:{" "}
        <Anchor component={Link} href="/concepts" inherit underline="always">
          new concept
        </Anchor>
        .
      </Text>
    );
  }
  return (
    <ul className={classes.row} aria-label="Concepts to put into the prompt">
      {concepts.map((concept) => (
        <li key={concept.id}>
          <ConceptChip
            concept={concept}
            fitting={fits(concept, fingerprint)}
            used={concept.id === usedId}
            onInsert={onInsert}
          />
        </li>
      ))}
    </ul>
  );
}

interface ConceptChipProps {
  readonly concept: ConceptRecord;
  readonly fitting: boolean;
  readonly used: boolean;
  readonly onInsert: (concept: ConceptRecord) => void;
}

function ConceptChip({ concept, fitting, used, onInsert }: ConceptChipProps) {
  const { name, thumbnails, baseModel } = concept;
  const picture = thumbnails[0];
  return (
    <UnstyledButton
      className={classes.chip}
      disabled={!fitting}
      data-used={used ? true : undefined}
      onClick={() => onInsert(concept)}
    >
      {picture === undefined ? (
        <span className={classes.picture} />
      ) : (
        <BlobImage blob={picture} alt="" className={classes.picture} />
      )}
      <span className={classes.words}>
        <Text size="sm" component="div">
          {name}
        </Text>
        <Text size="xs" c="dimmed" component="div">
          {fitting ? (phraseOf(concept) ?? "no word of its own") : `made for ${baseModel.id}`}
        </Text>
      </span>
    </UnstyledButton>
  );
}
