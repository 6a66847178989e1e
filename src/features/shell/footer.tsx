/** @file The foot of every page: whether it works offline, and installing it. */
import { Button, Container, Text } from "@mantine/core";
import { CloudOff, Download, HardDriveDownload, WifiOff } from "../../ui/icons.ts";
import { useInstallPrompt } from "../../state/install-prompt.ts";
import type { OfflineStatus } from "../../state/offline.ts";
import { useOfflineStatus } from "../../state/shell-context.ts";
import { PAGE_WIDTH } from "../../ui/page-width.ts";
import classes from "./shell.module.css";

const FAILURES = {
  "no-room":
    "The browser's storage for this site has no room left for working offline; delete what you no longer need.",
  "no-connection":
    "Not ready to work offline yet: the connection broke off. It goes on with the next visit.",
} as const;

function describe(status: OfflineStatus): string {
  switch (status.kind) {
    case "unknown":
      return "";
    case "preparing":
      return `Getting ready to work offline: ${status.kept} of ${status.total} files`;
    case "ready":
      return "Ready to work offline";
    case "failed":
      return FAILURES[status.failure];
  }
}

function OfflineIcon({ kind }: { readonly kind: OfflineStatus["kind"] }) {
  const Icon = { preparing: HardDriveDownload, ready: WifiOff, failed: CloudOff, unknown: null }[
    kind
  ];
  return Icon === null ? null : <Icon size={16} aria-hidden="true" />;
}

export function Footer() {
  const status = useOfflineStatus();
  const install = useInstallPrompt();
  return (
    <footer className={classes.footer}>
      <Container size={PAGE_WIDTH} className={classes.footerLine}>
        <Text size="sm" className={classes.offline}>
          <OfflineIcon kind={status.kind} />
          {describe(status)}
        </Text>
        {install === null ? null : (
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<Download size={14} aria-hidden="true" />}
            onClick={install}
          >
            Install as an app
          </Button>
        )}
      </Container>
    </footer>
  );
}
