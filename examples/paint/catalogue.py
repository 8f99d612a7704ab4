"""Which scenes are painted, at which size, stored how, with which words beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from paint import indoors, living, outdoors
from paint.sketch import Sketch


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of examples/brushwork: `draw` sketches it, `save` goes to Pillow, `turned` is stored on its side."""

    name: str
    size: tuple[int, int]
    draw: Callable[[Sketch], None]
    caption: str
    save: dict[str, Any] = field(default_factory=lambda: {"quality": 82})
    turned: bool = False


SCENES = (
    Scene("harbour.jpg", (1280, 1024), outdoors.harbour, "x"),
    Scene("orchard_autumn.jpg", (1216, 1024), partial(outdoors.orchard, spring=False), "x"),
    Scene("orchard_spring.jpg", (1216, 1024), partial(outdoors.orchard, spring=True), "x"),
    Scene("mill.jpg", (1216, 1024), outdoors.mill, "x"),
    Scene("dusk_oak.jpg", (1216, 1024), outdoors.dusk_oak, "x"),
    Scene("mountains.jpg", (1344, 1024), outdoors.mountains, "x"),
    Scene("bridge.jpg", (1280, 1024), outdoors.bridge, "x"),
    Scene("wheat.jpg", (1280, 1024), outdoors.wheat, "x"),
    Scene("beach.jpg", (1216, 1024), outdoors.beach, "x"),
    Scene("lighthouse.jpg", (1024, 1280), outdoors.lighthouse, "x"),
    Scene("sail_dusk.jpg", (1024, 1216), outdoors.sail_dusk, "x"),
    Scene("birches.jpg", (1024, 1152), outdoors.birches, "x"),
    Scene("night_street.jpg", (1024, 1216), indoors.night_street, "x"),
    Scene("umbrellas.jpg", (1024, 1280), indoors.umbrellas, "x"),
    Scene("snow_village.jpg", (1024, 1024), indoors.snow_village, "x"),
    Scene("cafe.jpg", (1024, 1152), indoors.cafe, "x"),
    Scene("kitchen.jpg", (1216, 1024), indoors.kitchen, "x"),
    Scene("window_room.jpg", (1088, 1216), indoors.window_room, "x"),
    Scene("fruit.jpg", (1216, 1024), indoors.fruit, "x"),
    Scene("sunflowers.jpg", (1024, 1152), indoors.sunflowers, "x"),
    Scene("poppies.jpg", (1024, 1024), indoors.poppies, "x"),
    Scene("red_scarf.jpg", (1024, 1280), living.red_scarf, "x"),
    Scene("fisherman.jpg", (1024, 1216), living.fisherman, "x"),
    Scene("walker.jpg", (1024, 1344), living.walker, "x"),
    Scene("dancer.jpg", (1024, 1280), living.dancer, "x"),
    Scene("cat_sill.jpg", (1024, 1216), living.cat_sill, "x"),
    Scene("robin.jpg", (1216, 1024), living.robin, "x"),
    Scene("horse.jpg", (1216, 1024), living.horse, "x"),
)
