/** @file Everything that can be set, in a drawer; what is left alone has the model's default. */
import { Button, Drawer, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { TrainSettings } from "../../core/train/settings.ts";
import { EMPTY_DRAFT } from "./draft.ts";
import { useDraft } from "./draft-store.ts";
import { LearningFields } from "./learning-fields.tsx";
import { PreviewFields } from "./preview-fields.tsx";
import { RegularisationFields } from "./regularisation-fields.tsx";
import { ViewFields } from "./view-fields.tsx";

interface AdvancedDrawerProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly settings: TrainSettings;
  readonly prompts: readonly string[];
  readonly pictureSize: number;
  /** What cannot be as it is, or null. */
  readonly problem: string | null;
}

export function AdvancedDrawer({
  opened,
  onClose,
  settings,
  prompts,
  pictureSize,
  problem,
}: AdvancedDrawerProps) {
  const change = useDraft((state) => state.change);
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size="md"
      title="Advanced settings"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="lg">
        <Part title="Learning">
          <LearningFields settings={settings} />
        </Part>
        <Part title="Regularisation">
          <RegularisationFields pictureSize={pictureSize} />
        </Part>
        <Part title="Photos and captions">
          <ViewFields settings={settings} />
        </Part>
        <Part title="Previews">
          <PreviewFields prompts={prompts} />
        </Part>
        {problem === null ? null : (
          <Text size="sm" c="red" role="status">
            {problem}
          </Text>
        )}
        <Button
          variant="default"
          onClick={() => {
            const { settings, regularisation, previews } = EMPTY_DRAFT;
            change({ settings, regularisation, previews });
          }}
        >
          Back to the defaults
        </Button>
      </Stack>
    </Drawer>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={3} size="h5">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
