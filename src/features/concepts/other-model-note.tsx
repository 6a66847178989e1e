/** @file What to open where a concept belongs to another model than the one that is open. */
import { Anchor, Text } from "@mantine/core";
import { Link } from "wouter";
import type { ConceptRecord } from "../../state/concepts.ts";
import type { ModelInfo } from "../../rpc/contracts.ts";

interface OtherModelNoteProps {
  readonly concept: Pick<ConceptRecord, "name" | "baseModel">;
  readonly model: Pick<ModelInfo, "name" | "fingerprint"> | null;
}

export function fitsModel({ concept, model }: OtherModelNoteProps): boolean {
  return model?.fingerprint === concept.baseModel.fingerprint;
}

/** Nothing where its own model is open. */
export function OtherModelNote({ concept, model }: OtherModelNoteProps) {
  if (fitsModel({ concept, model })) return null;
  return (
    <Text size="sm">
      “{concept.name}” is a difference to the model {concept.baseModel.id}, and{" "}
      {model === null ? "no model is open" : `${model.name} is open in its place`}. Open{" "}
      {concept.baseModel.id} first, on the page{" "}
      <Anchor component={Link} href="/models" inherit underline="always">
        Models
      </Anchor>
      .
    </Text>
  );
}
