/** @file The page Generate. */
import { Title } from "@mantine/core";

export function GeneratePage() {
  return <Title order={2}>Generate</Title>;
}
