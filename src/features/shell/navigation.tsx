/** @file The pages: in the header, or at the bottom of a narrow screen where thumbs are. */
import { Blend, Boxes, Shapes, Sparkles, type LucideIcon } from "../../ui/icons.ts";
import { Link, useLocation } from "wouter";
import classes from "./navigation.module.css";

interface Destination {
  readonly href: string;
  readonly name: string;
  readonly icon: LucideIcon;
  /** Where every page below belongs to. */
  readonly covers: readonly string[];
}

const DESTINATIONS: readonly Destination[] = [
  { href: "/generate", name: "Generate", icon: Sparkles, covers: ["/generate"] },
  { href: "/concepts", name: "Concepts", icon: Shapes, covers: ["/concepts", "/runs"] },
  { href: "/compose", name: "Compose", icon: Blend, covers: ["/compose"] },
  { href: "/models", name: "Models", icon: Boxes, covers: ["/models"] },
];

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

export function Navigation() {
  const [path] = useLocation();
  return (
    <nav aria-label="Pages" className={classes.navigation}>
      {DESTINATIONS.map(({ href, name, icon: Icon, covers }) => {
        const current = covers.some((folder) => isBelow(path, folder));
        return (
          <Link
            key={href}
            href={href}
            className={classes.link}
            {...(current ? { "aria-current": "page" } : {})}
          >
            <Icon size={18} aria-hidden="true" />
            <span>{name}</span>
          </Link>
        );
      })}
    </nav>
  );
}
