/** @file Switches between the light and the dark scheme; until then the system's choice holds. */
import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";

const SUN =
  "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM12 1v3m0 16v3M1 12h3m16 0h3M4.2 4.2l2.1 2.1m11.4 11.4 2.1 2.1m0-15.6-2.1 2.1M6.3 17.7l-2.1 2.1";
const MOON = "M21 13.2A8.6 8.6 0 1 1 10.8 3a6.7 6.7 0 0 0 10.2 10.2Z";

export function ColorSchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={`Switch to the ${other} colour scheme`}
      onClick={() => {
        setColorScheme(other);
      }}
    >
      <svg
        viewBox="0 0 24 24"
        width="18"
        height="18"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        <path d={other === "dark" ? MOON : SUN} />
      </svg>
    </ActionIcon>
  );
}
