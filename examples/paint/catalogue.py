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
    """One picture of examples/brushwork.

    `draw` sketches it and `save` goes to Pillow. `turned`: stored on its side with EXIF orientation 6, as a
    camera held upright does. `colours`: reduced to so many, which keeps a PNG small.
    """

    name: str
    size: tuple[int, int]
    draw: Callable[[Sketch], None]
    caption: str
    save: dict[str, Any] = field(default_factory=lambda: {"quality": 82})
    turned: bool = False
    colours: int = 0


# A near copy as they come back from the web: half the size, strongly compressed, without its caption.
WEB_COPY = ("harbour_web.jpg", "harbour.jpg", (800, 674), 45)

SCENES = (
    Scene(
        "harbour.jpg",
        (1216, 1024),
        outdoors.harbour,
        "a red sailing boat and a blue fishing boat in a harbour, a row of colourful houses on the quay, a "
        "hill behind, wide view, daylight, thick visible brush strokes, blue and orange palette",
    ),
    Scene(
        "orchard_autumn.jpg",
        (1216, 1024),
        partial(outdoors.orchard, spring=False),
        "an orchard in autumn, two apple trees beside a path, a ladder, a basket of apples, fallen leaves, "
        "wide view, soft warm light, oil painting, broken brush strokes, gold and rust palette",
    ),
    Scene(
        "orchard_spring.jpg",
        (1216, 1024),
        partial(outdoors.orchard, spring=True),
        "an orchard in spring, two blossoming trees beside a path, a ladder, a basket, green grass, wide "
        "view, bright clear light, oil painting, broken brush strokes, pink and green palette",
    ),
    Scene(
        "mill.jpg",
        (1216, 1024),
        outdoors.mill,
        "a water mill beside a green pond, a wooden wheel, a plank bridge, willows behind, wide view, dim "
        "light, short visible brush strokes, teal and green palette, rough paint texture",
    ),
    Scene(
        "dusk_oak.jpg",
        (1216, 1024),
        outdoors.dusk_oak,
        "a single oak on a hill at dusk, tall grass, low sun, wide view, glowing backlight, impasto, purple "
        "and orange palette",
    ),
    Scene(
        "mountains.jpg",
        (1280, 1024),
        outdoors.mountains,
        "a mountain lake with a small red rowing boat, snow on the peaks, a dark row of firs, wide view, "
        "clear morning light, long flat brush strokes, cool blue palette",
    ),
    Scene(
        "bridge.jpg",
        (1216, 1024),
        outdoors.bridge,
        "two people under one umbrella on a stone bridge with three arches, river, reeds, wide view, overcast "
        "light, oil painting, muted grey and sage palette",
    ),
    Scene(
        "wheat.jpg",
        (1216, 1024),
        outdoors.wheat,
        "haystacks in a wheat field, a small farmhouse, a large sun, wide view, bright sunlight, swirling "
        "brush strokes, yellow and blue palette, thick paint",
    ),
    Scene(
        "beach.jpg",
        (1216, 1024),
        outdoors.beach,
        "striped parasols on a sandy beach, two sunbathers, a red ball, a sailing boat far out, wide view, "
        "bright noon light, loose visible strokes, turquoise and sand palette",
        save={"quality": 84},
    ),
    Scene(
        "lighthouse.jpg",
        (1024, 1216),
        outdoors.lighthouse,
        "a red and white lighthouse on a rock in a storm, breaking waves, dark clouds, low angle, gloomy "
        "light, slanting brush strokes, dark teal palette",
    ),
    Scene(
        "sail_dusk.jpg",
        (1024, 1216),
        outdoors.sail_dusk,
        "a sailing boat with one sailor on a calm sea at sunset, seen from the side, afterglow, layered "
        "horizontal strokes, purple and peach palette",
        turned=True,
    ),
    Scene(
        "birches.jpg",
        (1024, 1152),
        outdoors.birches,
        "a path through a birch wood, white trunks, yellow leaves, eye level, soft daylight, dabbed brush "
        "strokes, yellow and lime palette, canvas texture",
    ),
    Scene(
        "night_street.jpg",
        (1024, 1216),
        indoors.night_street,
        "a couple walking down a city street at night, wet pavement with reflections, street lamps, moon, lit "
        "windows, lamplight, oil painting, dark blue and amber palette",
    ),
    Scene(
        "people/umbrellas.jpg",
        (1024, 1216),
        indoors.umbrellas,
        "people with red, green and blue umbrellas on a rainy street, seen from behind, wet ground, full "
        "figures, flat grey light, streaky brush strokes, muted palette",
    ),
    Scene(
        "snow_village.png",
        (1024, 1024),
        indoors.snow_village,
        "a snow-covered village with a church spire at night, lit windows, fir trees, falling snow, high "
        "angle, moonlit blue light, thick brush strokes, indigo and white palette",
        save={"compress_level": 9},
        colours=40,
    ),
    Scene(
        "cafe.webp",
        (1024, 1152),
        indoors.cafe,
        "a cafe terrace at night, a waiter in white, empty tables, an orange awning, stars, eye level, warm "
        "lamplight, expressive brush strokes, yellow and deep blue palette",
        save={"quality": 80, "method": 6},
    ),
    Scene(
        "kitchen.webp",
        (1216, 1024),
        indoors.kitchen,
        "a kitchen with an iron stove, a copper pot, a table with a blue jug, bread and apples, a ginger cat, "
        "red curtains, interior, warm firelight, coarse brush strokes, rust and cream palette",
        save={"quality": 80, "method": 6},
    ),
    Scene(
        "window_room.jpg",
        (1088, 1216),
        indoors.window_room,
        "a sunlit room with a tall window, white curtains, a yellow chair, flower pots on the sill, a patch "
        "of sun on the floor, interior, soft morning light, painterly, pale blue and honey palette",
    ),
    Scene(
        "fruit.jpg",
        (1216, 1024),
        indoors.fruit,
        "a still life with a white jug, a bowl of oranges and apples, a pear, grapes, a blue cloth on a "
        "table, light from the left, oil painting, heavy impasto, dark green background palette",
        save={"quality": 86},
    ),
    Scene(
        "sunflowers.jpg",
        (1024, 1152),
        indoors.sunflowers,
        "eight sunflowers in a cream and blue vase on a wooden table, front view, even light, dabbed thick "
        "paint, yellow and turquoise palette",
    ),
    Scene(
        "poppies.jpg",
        (1024, 1024),
        indoors.poppies,
        "a red poppy close up, three more poppies and grass around it, seen from above, detail, bright light, "
        "curved brush strokes, red and green palette",
        save={"quality": 86},
    ),
    Scene(
        "people/red_scarf.jpg",
        (1024, 1280),
        living.red_scarf,
        "a woman with brown hair and a red scarf, head and shoulders, facing the viewer, light from the left, "
        "oil painting, visible bristle marks, teal and red palette",
        save={"quality": 86},
    ),
    Scene(
        "people/fisherman.jpg",
        (1024, 1216),
        living.fisherman,
        "an old fisherman with a white beard and a navy cap, yellow oilskin, sea behind, head and shoulders, "
        "overcast light, bristle texture, grey blue and mustard palette",
        save={"quality": 85},
    ),
    Scene(
        "people/walker.jpg",
        (1024, 1280),
        living.walker,
        "a man in a rust brown coat and a hat walking on a country road with a stick, poplars, full figure, "
        "front view, mild afternoon light, broken colour, ochre palette",
    ),
    Scene(
        "people/dancer.jpg",
        (1024, 1280),
        living.dancer,
        "a ballet dancer on one leg, white tutu, arms raised, wine red curtain behind, full figure, stage "
        "light, feathery brush strokes, plum and ice blue palette",
        save={"quality": 84},
    ),
    Scene(
        "cat_sill.webp",
        (1024, 1216),
        living.cat_sill,
        "a black and white cat sitting on a windowsill, a red curtain, a flower pot, hills outside, front "
        "view, soft window light, painterly, slate and red palette",
        save={"quality": 82, "method": 6},
    ),
    Scene(
        "robin.jpg",
        (1152, 1024),
        living.robin,
        "a robin on a snowy branch, red berries, falling snow, close view from the side, cold pale light, "
        "textured brush strokes, silver grey and orange palette",
    ),
    Scene(
        "horse.jpg",
        (1216, 1024),
        living.horse,
        "a brown horse standing in a meadow with white flowers, a fence, trees far off, side view, gentle "
        "daylight, grainy oil paint, fresh green and chestnut palette",
    ),
)
