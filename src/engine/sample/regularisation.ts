/** @file How regularisation images are generated where none are given: the base model's own pictures of the category. */
import type { GenerateRequest } from "../../core/diffusion/generate-request.ts";
import type { Model } from "../model/read-model.ts";
import { quickRequest } from "./quick-request.ts";

/** Caption that they are generated from and trained with (Custom Diffusion section 4.2, "generated images"). */
export function regularisationCaption(category: string): string {
  return `photo of a ${category}`;
}

/** The request for the pictures of some seeds. */
export function regularisationRequest(
  model: Model,
  category: string,
  seeds: readonly number[],
): GenerateRequest {
  return quickRequest(model, regularisationCaption(category), seeds);
}
