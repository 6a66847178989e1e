/** @file The header's badge: what computes, in two words. */
import { Badge, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEngine, useModel } from "../../state/engine-context.ts";
import { BACKEND_LABELS, backendDetail } from "../../ui/backend-label.ts";

export function BackendBadge() {
  const engine = useEngine();
  const preference = useModel((state) => state.preference);
  const opened = useModel((state) => (state.status.kind === "open" ? state.status.info : null));
  // Known long before the model is open.
  const described = useQuery({
    queryKey: ["backend", preference],
    queryFn: () => engine.describeBackend(preference),
  });
  const report = opened?.backend ?? described.data;
  if (report === undefined) return null;
  return (
    <Badge variant="default" size="lg" tt="none" fw={500} data-testid="backend-badge">
      {BACKEND_LABELS[report.chosen]}
      <Text span inherit visibleFrom="xs">
        {` · ${backendDetail(report)}`}
      </Text>
    </Badge>
  );
}
