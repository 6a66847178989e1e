/** @file A number to type; while it is empty or half typed it is NaN, which the checks of the draft name. */
import { NumberInput, type NumberInputProps } from "@mantine/core";

interface NumberFieldProps extends Omit<NumberInputProps, "value" | "onChange" | "defaultValue"> {
  readonly value: number;
  readonly onChange: (value: number) => void;
}

export function NumberField({ value, onChange, ...rest }: NumberFieldProps) {
  return (
    <NumberInput
      value={Number.isNaN(value) ? "" : value}
      onChange={(typed) => onChange(typeof typed === "number" ? typed : Number.parseFloat(typed))}
      {...rest}
    />
  );
}
