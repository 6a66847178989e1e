/** @file A number that may be half typed for a while; what counts is the last whole one, and leaving shows it again. */
import { NumberInput, type NumberInputProps } from "@mantine/core";
import { useState } from "react";

interface NumberFieldProps extends Omit<NumberInputProps, "value" | "onChange" | "onBlur"> {
  readonly value: number;
  readonly onChange: (value: number) => void;
}

export function NumberField({ value, onChange, ...rest }: NumberFieldProps) {
  const [draft, setDraft] = useState<number | string | null>(null);
  return (
    <NumberInput
      clampBehavior="strict"
      {...rest}
      value={draft ?? value}
      onChange={(typed) => {
        setDraft(typeof typed === "number" ? null : typed);
        if (typeof typed === "number") onChange(typed);
      }}
      onBlur={() => setDraft(null)}
    />
  );
}
