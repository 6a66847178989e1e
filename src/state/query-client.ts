/** @file The one react-query client: what it asks for is computed on this machine, so nothing is retried or refetched. */
import { QueryClient } from "@tanstack/react-query";

export const queryClient = new QueryClient({
  defaultOptions: {
    // "always": the engine needs no network, and must not wait for one.
    queries: { retry: false, staleTime: Infinity, networkMode: "always" },
    mutations: { retry: false, networkMode: "always" },
  },
});
