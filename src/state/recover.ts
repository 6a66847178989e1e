/** @file What follows when the engine stops, and when another has been started in its place. */
import type { QueryClient } from "@tanstack/react-query";
import type { EngineStore } from "./engine-supervisor.ts";
import type { ModelStore } from "./model-store.ts";

/** A stopped engine has no model open, so nothing new is begun; a new one opens the model that was open. */
export function recoverWithEngine(
  engineState: EngineStore,
  models: ModelStore,
  queries: QueryClient,
): void {
  engineState.subscribe(({ stopped }) => {
    if (stopped !== null) {
      models.setState({ status: { kind: "failed", error: stopped } });
      return;
    }
    const { status, preference, open } = models.getState();
    if (status.kind !== "opening") open(preference);
    // What the dead engine could not answer is asked again.
    void queries.refetchQueries({ predicate: ({ state }) => state.status === "error" });
  });
}
