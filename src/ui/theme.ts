/** @file The look shared by all components: one colour, system fonts, contrast that holds in both schemes. */
import { createTheme, type CSSVariablesResolver, Loader, Skeleton } from "@mantine/core";
import { CalmLoader } from "./calm-loader.tsx";

export const theme = createTheme({
  primaryColor: "blue",
  // The darker shades keep white text on a filled button above a contrast of 4.5 to 1.
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // Colour alone does not tell a link from the words around it.
    Anchor: { defaultProps: { underline: "always" } },
    // Nothing moves in every frame: what draws frames here is what computes (src/ui/calm-loader.tsx).
    Loader: Loader.extend({ defaultProps: { loaders: { calm: CalmLoader }, type: "calm" } }),
    Skeleton: Skeleton.extend({ defaultProps: { animate: false } }),
  },
});

/** Mantine's own dimmed text has a contrast of 3.3 to 1 on white; these two are above 4.5. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-dimmed": "var(--mantine-color-gray-7)" },
  dark: { "--mantine-color-dimmed": "var(--mantine-color-dark-1)" },
});
