/** @file KV [R, S] = c [R, E] · W [E, S]: rows R = B·L of text features, all key and value projections side by side. */
export const KV_PROJECTION = /* wgsl */ `
fn left(row: u32, e: u32) -> Element {
  return c[(row * u.depth + e) / LANES];
}

fn right(e: u32, column: u32) -> Element {
  return w[(e * u.columns + column) / LANES];
}

fn put(split: u32, row: u32, column: u32, value: Element) {
  kv[(row * u.columns + column) / LANES] = value;
}
`;
