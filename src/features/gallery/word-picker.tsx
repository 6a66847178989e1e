/** @file The words of a prompt as toggles, and what the colours over the picture stand for. */
import { Button, Group, Stack, Text } from "@mantine/core";
import type { PromptAttention } from "../../rpc/contracts.ts";
import { heatColour, highestHeat } from "../../core/image/heat-colours.ts";
import { LabelledSlider } from "../compose/labelled-slider.tsx";
import { hottestPlace, percent } from "./attention-words.ts";
import classes from "./attention.module.css";

const GRADIENT = Array.from({ length: 11 }, (_, i) => `rgb(${heatColour(i / 10).join(" ")})`);

interface WordPickerProps {
  readonly seen: PromptAttention;
  /** Index of the word whose map is shown; null for none. */
  readonly chosen: number | null;
  readonly onChoose: (index: number | null) => void;
  /** 0 … 1 */
  readonly opacity: number;
  readonly onOpacity: (opacity: number) => void;
}

export function WordPicker({ seen, chosen, onChoose, opacity, onOpacity }: WordPickerProps) {
  const word = chosen === null ? undefined : seen.words[chosen];
  if (seen.words.length === 0) {
    return <Text size="sm">Its prompt has no words, so there is nothing to look for.</Text>;
  }
  const highest = word === undefined ? "" : percent(highestHeat(word.heat));
  return (
    <Stack gap="xs">
      <Group gap={6} role="group" aria-label="Words of the prompt">
        {seen.words.map(({ text }, index) => (
          <Button
            // A prompt may have a word twice, each with a map of its own.
            key={`${index} ${text}`}
            size="compact-sm"
            className={classes.word ?? ""}
            variant={index === chosen ? "filled" : "default"}
            aria-pressed={index === chosen}
            onClick={() => onChoose(index === chosen ? null : index)}
          >
            {text}
          </Button>
        ))}
      </Group>
      <Text size="sm" role="status">
        {word === undefined
          ? "Choose a word to see where in the picture it is looked for."
          : `“${word.text}” counts most ${hottestPlace(word.heat, seen.width, seen.height)}: there it has ${highest} of the attention. Each word has a scale of its own.`}
      </Text>
      {word === undefined ? null : (
        <>
          <Group gap="xs" wrap="nowrap">
            <Text size="xs">0 %</Text>
            <div
              className={classes.scale}
              style={{ backgroundImage: `linear-gradient(to right, ${GRADIENT.join(", ")})` }}
              role="img"
              aria-label={`Colours from dark, 0 %, to light, ${highest}`}
            />
            <Text size="xs">{highest}</Text>
          </Group>
          <LabelledSlider
            label={`Colours over the picture: ${Math.round(100 * opacity)} %`}
            value={opacity}
            max={1}
            onChange={onOpacity}
          />
        </>
      )}
    </Stack>
  );
}
