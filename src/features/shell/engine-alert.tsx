/** @file The engine stopped: why, what that means, and the way on. */
import { Alert, Button, Text } from "@mantine/core";
import { useEngineState } from "../../state/shell-context.ts";

export function EngineAlert() {
  const { stopped, restart } = useEngineState();
  if (stopped === null) return null;
  return (
    <Alert color="red" variant="light" mb="md" title="The engine stopped" role="alert">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {stopped.message} Nothing that was saved is lost; a training run goes on from its last
        checkpoint.
      </Text>
      <Button mt="sm" size="xs" variant="default" onClick={restart}>
        Restart the engine
      </Button>
    </Alert>
  );
}
