/** @file What the engine says beforehand: the cost of a training run, and whether the model knows a word. */
import { keepPreviousData, skipToken, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { CategoryHint, Estimate, EstimateRequest, ModelInfo } from "../rpc/contracts.ts";
import { useEngine, useModel } from "./engine-context.ts";
import { useMemoryBudget } from "./memory-budget.ts";

/** The model that is open, or null. */
export function useOpenModel(): ModelInfo | null {
  return useModel(({ status }) => (status.kind === "open" ? status.info : null));
}

/** Null asks for nothing. */
export function useEstimate(request: EstimateRequest | null): UseQueryResult<Estimate> {
  const engine = useEngine();
  const model = useOpenModel();
  const { bytes } = useMemoryBudget();
  return useQuery({
    queryKey: ["estimate", model?.id, model?.fingerprint, model?.backend.chosen, request, bytes],
    queryFn: request === null || model === null ? skipToken : () => engine.estimate(request, bytes),
    // Speeds that a run has measured meanwhile make the next estimate better.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
}

export function useCategoryHint(category: string): UseQueryResult<CategoryHint> {
  const engine = useEngine();
  const model = useOpenModel();
  return useQuery({
    queryKey: ["category-hint", model?.fingerprint, category],
    queryFn:
      category === "" || model === null ? skipToken : () => engine.describeCategory(category),
  });
}
