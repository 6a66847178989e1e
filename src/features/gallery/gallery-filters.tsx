/** @file What narrows the gallery down: words, and a concept. */
import { Group, Select, TextInput } from "@mantine/core";
import { Search } from "../../ui/icons.ts";
import { type ImageFilter, NO_CONCEPT } from "./filter-images.ts";

interface GalleryFiltersProps {
  readonly filter: ImageFilter;
  readonly concepts: readonly { readonly id: string; readonly name: string }[];
  readonly onChange: (filter: ImageFilter) => void;
}

export function GalleryFilters({ filter, concepts, onChange }: GalleryFiltersProps) {
  return (
    <Group gap="sm" grow preventGrowOverflow={false}>
      <TextInput
        type="search"
        aria-label="Search images by words"
        placeholder="Words of the prompt"
        leftSection={<Search size={16} aria-hidden="true" />}
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.currentTarget.value })}
      />
      {concepts.length === 0 ? null : (
        <Select
          aria-label="Images of a concept"
          placeholder="Any concept"
          clearable
          data={[
            { value: NO_CONCEPT, label: "Base model alone" },
            ...concepts.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={filter.concept}
          onChange={(concept) => onChange({ ...filter, concept })}
        />
      )}
    </Group>
  );
}
