/** @file A model's licence in a sentence, where the model is chosen. */
import { Text } from "@mantine/core";

/** In a few words, for lists. */
export function licenceWords(licence: string | null): string {
  return licence === null ? "licence unknown" : `licence ${licence}`;
}

export function LicenceNote({ licence }: { readonly licence: string | null }) {
  return (
    <Text size="sm">
      {licence === null ? (
        "Licence unknown: the model does not name one. Ask whoever made it what you may do with it and with its pictures."
      ) : (
        <>
          Licence: <b>{licence}</b>. It says what you may do with the model and with its pictures.
        </>
      )}
    </Text>
  );
}
