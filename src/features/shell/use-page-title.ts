/** @file The document's title and scroll position follow the page. */
import { useEffect } from "react";

export function usePageTitle(title: string, path: string): void {
  useEffect(() => {
    document.title = `${title} – Custom Diffusion Studio`;
  }, [title]);
  useEffect(() => {
    scrollTo(0, 0);
  }, [path]);
}
