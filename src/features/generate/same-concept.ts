/** @file Finds the concept here that a picture was painted with, which another studio may have painted. */
import type { UsedConcept } from "../../core/image/image-settings.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { NamedConcept } from "./prompt-phrases.ts";

/** By its id, or in another studio's picture by what it is called and the words that name it. */
export function sameConcept<T extends Pick<NamedConcept, "id" | "name" | "tokens">>(
  used: UsedConcept,
  concepts: readonly T[],
): T | undefined {
  return sameId(used, concepts) ?? concepts.find((one) => namesIt(one, used, true));
}

/** Of a picture of several, where a word that two of them had was changed for one. */
export function sameAmongSeveral<T extends Pick<NamedConcept, "id" | "name" | "tokens">>(
  used: UsedConcept,
  concepts: readonly T[],
): T | undefined {
  return sameConcept(used, concepts) ?? concepts.find((one) => namesIt(one, used, false));
}

/** "Its concept “Teddy” (<new1> bear) is not here. …" @param then what to do once it is here */
export function missingSentence({ name, token, category }: UsedConcept, then: string): string {
  const words = [token, category].filter((word) => word !== "").join(" ");
  const said = words === "" ? "" : ` (${words})`;
  return `Its concept “${name}”${said} is not here. Import the concept's file on the page Concepts to ${then}.`;
}

function sameId<T extends Pick<NamedConcept, "id">>(
  used: UsedConcept,
  concepts: readonly T[],
): T | undefined {
  return concepts.find(({ id }) => id === used.id);
}

function namesIt(
  { name, tokens }: Pick<NamedConcept, "name" | "tokens">,
  used: UsedConcept,
  ownWord: boolean,
): boolean {
  if (name !== used.name) return false;
  if (tokens.length === 0) return used.token === "";
  return tokens.some(
    ({ token, category }) =>
      category === used.category && (!ownWord || tokenKey(token) === tokenKey(used.token)),
  );
}
