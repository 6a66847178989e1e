/** @file An address that names no page. */
import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "wouter";

export function NotFoundPage() {
  return (
    <Stack gap="sm">
      <Title order={2}>There is no such page</Title>
      <Text>The address names no page of the studio. These are its pages:</Text>
      <Group>
        <Anchor component={Link} href="/generate">
          Generate
        </Anchor>
        <Anchor component={Link} href="/concepts">
          Concepts
        </Anchor>
        <Anchor component={Link} href="/compose">
          Compose
        </Anchor>
        <Anchor component={Link} href="/models">
          Models
        </Anchor>
      </Group>
    </Stack>
  );
}
