/** @file What to know before teaching a model somebody's face. */
import { Text } from "@mantine/core";

export function FacesNotice() {
  return (
    <Text size="sm" c="dimmed">
      Use photos of a person only with that person’s consent. Photos stay on this device: they are
      never uploaded.
    </Text>
  );
}
