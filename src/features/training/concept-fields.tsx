/** @file What the thing is: the category word with a hint whether the model knows it, its new word, and its name. */
import { SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useCategoryHint } from "../../state/estimate.ts";
import { errorSentence } from "../../ui/error-sentence.ts";
import { draftName } from "./draft.ts";
import { useDraft } from "./draft-store.ts";
import { categoryHint, tokenProblem, tokenRemark } from "./word-hints.ts";
import classes from "./new-concept.module.css";

interface ConceptFieldsProps {
  readonly freeToken: string;
  /** Names of the stored concepts by their tokens, in lower case. */
  readonly usedTokens: ReadonlyMap<string, string>;
}

export function ConceptFields({ freeToken, usedTokens }: ConceptFieldsProps) {
  const { draft, change } = useDraft();
  const token = draft.token ?? freeToken;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} verticalSpacing="sm">
      <CategoryField />
      <Stack gap={4}>
        <TextInput
          label="New word"
          description="Stands for your thing in prompts"
          value={token}
          maxLength={64}
          spellCheck={false}
          autoComplete="off"
          error={tokenProblem(token)}
          onChange={({ currentTarget }) => change({ token: currentTarget.value })}
          onBlur={() => {
            if (draft.token?.trim() === "") change({ token: null });
          }}
        />
        <Hint text={tokenRemark(token, usedTokens)} />
      </Stack>
      <TextInput
        label="Name"
        description="What the studio calls it"
        placeholder={draft.category.trim() === "" ? "My thing" : draftName({ ...draft, name: "" })}
        maxLength={100}
        value={draft.name}
        onChange={({ currentTarget }) => change({ name: currentTarget.value })}
      />
    </SimpleGrid>
  );
}

function CategoryField() {
  const category = useDraft(({ draft }) => draft.category);
  const change = useDraft((state) => state.change);
  // What is typed is looked up once typing rests; a sentence on half a word would only flicker.
  const [asked] = useDebouncedValue(category.trim(), 300);
  const { data: hint, error } = useCategoryHint(asked);
  const current = asked === category.trim();
  return (
    <Stack gap={4}>
      <TextInput
        label="What kind of thing"
        description="The word for it in prompts"
        placeholder="bear"
        maxLength={100}
        value={category}
        error={current && error !== null ? errorSentence(error) : null}
        onChange={({ currentTarget }) => change({ category: currentTarget.value })}
      />
      <Hint text={current && hint !== undefined ? categoryHint(asked, hint) : null} />
    </Stack>
  );
}

/** Keeps its place while it is empty. */
function Hint({ text }: { readonly text: string | null }) {
  return (
    <Text size="xs" c="dimmed" className={classes.hint} aria-live="polite">
      {text}
    </Text>
  );
}
