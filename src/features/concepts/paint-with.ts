/** @file From a concept to the page Generate, with a prompt that says its word. */
import { useLocation } from "wouter";
import type { ConceptRecord } from "../../state/concepts.ts";
import { changeForm, currentForm } from "../../state/generation-form.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import { phraseOf } from "../generate/prompt-phrases.ts";
import { promptWith } from "./prompt-with.ts";

export function usePaintWith(): (concept: Pick<ConceptRecord, "id" | "tokens">) => void {
  const [, navigate] = useLocation();
  return (concept) => {
    const { prompt, chosen } = currentForm();
    const phrase = phraseOf(concept);
    if (phrase === null) changeForm({ wordless: concept.id });
    else {
      const own = concept.tokens.map(({ token }) => [tokenKey(token), concept.id] as const);
      changeForm({
        prompt: promptWith(prompt, phrase, concept.tokens),
        chosen: { ...chosen, ...Object.fromEntries(own) },
        wordless: null,
      });
    }
    navigate("/generate");
  };
}
