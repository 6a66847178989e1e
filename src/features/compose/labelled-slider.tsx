/** @file A slider with a sentence above it that names it and says its value. */
import { Slider, Text } from "@mantine/core";
import { useId } from "react";

interface LabelledSliderProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

export function LabelledSlider({ label, value, max, onChange }: LabelledSliderProps) {
  const id = useId();
  return (
    <div>
      <Text size="sm" id={id}>
        {label}
      </Text>
      <Slider
        min={0}
        max={max}
        step={0.05}
        label={null}
        value={value}
        onChange={onChange}
        thumbProps={{ "aria-labelledby": id }}
      />
    </div>
  );
}
