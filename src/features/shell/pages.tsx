/** @file The pages by address; each is loaded when it is first shown, so that the shell is there at once. */
import { lazy, type ComponentType } from "react";
import { NotFoundPage } from "./not-found-page.tsx";

const GeneratePage = lazy(async () => ({
  default: (await import("../generate/generate-page.tsx")).GeneratePage,
}));
const ConceptsPage = lazy(async () => ({
  default: (await import("../concepts/concepts-page.tsx")).ConceptsPage,
}));
const ComposePage = lazy(async () => ({
  default: (await import("../compose/compose-page.tsx")).ComposePage,
}));
const ModelsPage = lazy(async () => ({
  default: (await import("../models/models-page.tsx")).ModelsPage,
}));

const DeveloperPage = lazy(async () => ({
  default: (await import("../developer/developer-page.tsx")).DeveloperPage,
}));

export interface Page {
  readonly title: string;
  readonly component: ComponentType;
}

const NOT_FOUND: Page = { title: "No such page", component: NotFoundPage };

/** The first that fits. */
const PAGES: readonly (Page & { readonly address: RegExp })[] = [
  { address: /^\/generate$/, title: "Generate", component: GeneratePage },
  { address: /^\/concepts\/new(\/[^/]+)?$/, title: "New concept", component: ConceptsPage },
  { address: /^\/concepts(\/|$)/, title: "Concepts", component: ConceptsPage },
  { address: /^\/runs\//, title: "Training", component: ConceptsPage },
  { address: /^\/compose$/, title: "Compose", component: ComposePage },
  { address: /^\/models$/, title: "Models", component: ModelsPage },
  { address: /^\/developer$/, title: "Developer", component: DeveloperPage },
];

export function pageAt(path: string): Page {
  return PAGES.find(({ address }) => address.test(path)) ?? NOT_FOUND;
}
