"""A captioned world to learn from: cut-out pictures of things composited onto drawn scenes."""

from world.world import World

__all__ = ["World"]
