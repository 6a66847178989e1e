/** @file The page Generate: the form, what is being painted, and everything painted so far. */
import { Group, Stack, Title } from "@mantine/core";
import { useState } from "react";
import { changeForm } from "../../state/generation-form.ts";
import { Gallery } from "../gallery/gallery.tsx";
import classes from "./generate-page.module.css";
import { PngSettingsDrop } from "./png-settings-drop.tsx";
import { PromptPanel } from "./prompt-panel.tsx";
import { Queue } from "./queue.tsx";
import { SettingsFields } from "./settings-fields.tsx";
import { Stage } from "./stage.tsx";
import { useReuse } from "./use-reuse.tsx";

export function GeneratePage() {
  const [openId, setOpenId] = useState<string | null>(null);
  const { reuse, reuseFile, notice } = useReuse();
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <Title order={2}>Generate</Title>
        <PngSettingsDrop onFile={reuseFile} />
      </Group>
      {notice}
      <div className={classes.workspace}>
        <PromptPanel />
        <Stack gap="md" className={classes.results}>
          <Stage
            onExample={(prompt) => changeForm({ prompt })}
            onOpen={({ id }) => setOpenId(id)}
          />
          <Queue />
        </Stack>
        <SettingsFields />
      </div>
      <Gallery
        openId={openId}
        onOpen={setOpenId}
        onReuse={(settings) => {
          setOpenId(null);
          reuse(settings);
          scrollTo({ top: 0 });
        }}
      />
    </Stack>
  );
}
