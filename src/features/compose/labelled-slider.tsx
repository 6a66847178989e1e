/** @file A slider with a sentence above it that names it and says its value. */
import { Slider, Text } from "@mantine/core";
import { useId } from "react";

interface LabelledSliderProps {
  readonly label: string;
  readonly value: number;
  /** 0 unless said otherwise. */
  readonly min?: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}

export function LabelledSlider({
  label,
  value,
  min = 0,
  max,
  step = 0.05,
  onChange,
}: LabelledSliderProps) {
  const id = useId();
  return (
    <div>
      <Text size="sm" id={id}>
        {label}
      </Text>
      <Slider
        min={min}
        max={max}
        step={step}
        label={null}
        value={value}
        onChange={onChange}
        thumbProps={{ "aria-labelledby": id }}
      />
    </div>
  );
}
