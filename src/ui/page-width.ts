/** @file How wide header, page and foot are: on a very wide screen the gallery gets more of it, lines of text stay readable. */

/** The `size` of their containers. */
export const PAGE_WIDTH = "clamp(71.25rem, 75vw, 110rem)";
