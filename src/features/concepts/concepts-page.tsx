/** @file The page Concepts. */
import { Title } from "@mantine/core";

export function ConceptsPage() {
  return <Title order={2}>Concepts</Title>;
}
