/** @file Prompts that teach: each shows a form that the model which comes with the studio knows. */

export const EXAMPLES = [
  "photo of a bear on the beach",
  "a painting of a house at night",
  "photo of a flower and a teapot on a wooden table",
  "zoomed in photo of a guitar at sunset",
  "photo of a blue car in the snow",
  "flat icon of a cat on a pink background",
] as const;
