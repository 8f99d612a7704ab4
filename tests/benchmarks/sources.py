"""Where sound pictures come from: packages of Debian 12, and which of them rules are made on.

`develop`: packages that earlier measurements looked at too. `report`: packages that nothing was ever tuned on. `held`:
folders of these and of other packages that neither half holds, for a last look: what the report half showed was mended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["photo", "painting", "texture", "render", "clipart", "sprite", "screen", "abstract"]


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one package that are of one kind; `globs` below the root, at most `count` of them.

    `nearest`: pixel art, enlarged by whole numbers to about 640 px, as it is shown.
    """

    name: str
    package: str
    globs: tuple[str, ...]
    kind: Kind
    part: Literal["develop", "report", "held"]
    count: int = 16
    nearest: bool = False


_WESNOTH = "usr/share/games/wesnoth/1.16/data"
_SUPERTUX = "usr/share/games/supertux2/images"
_NAEV = "usr/share/naev/dat/gfx"
_PLASMA = ("usr/share/wallpapers/*/contents/images*/[2-9]*.*", "usr/share/wallpapers/*/contents/images*/1920*.*")


def _clip(*folders: str) -> tuple[str, ...]:
    return tuple(f"usr/share/openclipart/png/{folder}/**/*.png" for folder in folders)


SOURCES = (
    Source("wesnoth portraits", "wesnoth-1.16-data", (f"{_WESNOTH}/core/images/portraits/**/*",), "painting", "develop", 20),
    Source("wesnoth story", "wesnoth-1.16-data", (f"{_WESNOTH}/core/images/story/*", f"{_WESNOTH}/core/images/maps/*"), "painting", "develop"),
    Source("wesnoth sprites", "wesnoth-1.16-data", (f"{_WESNOTH}/core/images/units/**/*.png",), "sprite", "develop", 20, nearest=True),
    Source("tuxpaint stamps", "tuxpaint-stamps-default", ("usr/share/tuxpaint/stamps/**/*.png",), "render", "develop", 30),
    Source("openclipart people", "openclipart-png", _clip("people", "animals"), "clipart", "develop", 20),
    Source("openclipart things", "openclipart-png", _clip("food", "plants", "buildings", "recreation"), "clipart", "develop", 20),
    Source("stellarium figures", "stellarium-data", ("usr/share/stellarium/skycultures/**/*.png", "usr/share/stellarium/skycultures/**/*.jpg"), "painting", "develop", 20),
    Source("stellarium nebulae", "stellarium-data", ("usr/share/stellarium/nebulae/**/*.png",), "photo", "develop", 20),
    Source("hedgewars", "hedgewars-data", ("usr/share/games/hedgewars/Data/Themes/*/*.png",), "texture", "develop", 24),
    Source("endless-sky land", "endless-sky-data", ("usr/share/games/endless-sky/images/land/*.jpg",), "photo", "develop", 30),
    Source("endless-sky things", "endless-sky-data", ("usr/share/games/endless-sky/images/outfit/*.png", "usr/share/games/endless-sky/images/planet/*.png"), "render", "develop"),
    Source("plasma", "plasma-workspace-wallpapers", _PLASMA, "photo", "develop", 24),
    Source("mate", "mate-backgrounds", ("usr/share/backgrounds/mate/*/*",), "photo", "develop", 24),
    Source("gnome", "gnome-backgrounds", ("usr/share/backgrounds/gnome/*.webp",), "abstract", "develop"),
    Source("ukui", "ukui-wallpapers", tuple(f"usr/share/backgrounds/{n}*" for n in ("2004", "calla", "city", "desert", "first", "fluent", "focal", "goldfish", "rhythm", "rollpaper", "string", "the-mouse")), "abstract", "develop"),
    Source("khangman handbook", "khangman", ("usr/share/doc/HTML/*/khangman/*.png",), "screen", "develop", 10),

    Source("lomiri", "lomiri-wallpapers-16.04 lomiri-wallpapers-20.04", ("usr/share/backgrounds/*_by_*.jpg",), "photo", "report", 20),
    Source("naev landings", "naev-data", (f"{_NAEV}/planet/exterior/*",), "painting", "report", 24),
    Source("naev portraits", "naev-data", (f"{_NAEV}/portraits/**/*",), "painting", "report", 16),
    Source("naev space", "naev-data", (f"{_NAEV}/bkg/**/*", f"{_NAEV}/planet/space/**/*"), "render", "report", 12),
    Source("fillets", "fillets-ng-data", ("usr/share/games/fillets-ng/images/**/*.png",), "painting", "report", 20),
    Source("unknown-horizons", "unknown-horizons", ("usr/share/unknown-horizons/content/gui/images/**/*",), "painting", "report", 12),
    Source("widelands", "widelands-data", ("usr/share/games/widelands/data/templates/default/loadscreens/**/*",), "painting", "report", 24),
    Source("flare portraits", "flare-game", ("usr/share/games/flare/mods/*/images/portraits/**/*.png",), "painting", "report", 12),
    Source("flare screens", "flare-game", ("usr/share/games/flare/mods/*/images/menus/**/*.png", "usr/share/games/flare/mods/*/images/tilesets/**/*.png"), "render", "report", 12),
    Source("supertux", "supertux-data", (f"{_SUPERTUX}/background/**/*",), "painting", "report", 20),
    Source("supertux sprites", "supertux-data", (f"{_SUPERTUX}/creatures/**/*.png",), "sprite", "report", 12, nearest=True),
    Source("freedroid", "freedroidrpg-data", ("usr/share/freedroidrpg/data/graphics/**/*",), "render", "report", 20),
    Source("opencv", "opencv-doc", ("usr/share/doc/opencv-doc/examples/data/*", "usr/share/doc/opencv-doc/examples/text/scenetext0*", "usr/share/doc/opencv-doc/examples/alphamat/input_images/*"), "photo", "report", 24),
    Source("sklearn", "python3-sklearn", ("usr/lib/python3/dist-packages/sklearn/datasets/images/*",), "photo", "report"),
    Source("etr", "extremetuxracer-data", ("usr/share/games/etr/**/*",), "texture", "report", 16),
    Source("colobot", "colobot-common", ("usr/share/games/colobot/**/*",), "texture", "report", 12),
    Source("torcs", "torcs-data", ("usr/share/games/torcs/**/*",), "texture", "report", 20),
    Source("krita", "krita-data", ("usr/share/krita/patterns/*",), "texture", "report", 10),
    Source("kodi", "kodi-data", ("usr/share/kodi/**/*",), "screen", "report", 12),
    Source("lincity", "lincity-ng-data", ("usr/share/games/lincity-ng/**/*",), "render", "report", 12),
    Source("freeciv", "freeciv-data", ("usr/share/games/freeciv/**/*",), "painting", "report", 12),
    Source("ardentryst", "ardentryst", ("usr/share/games/ardentryst/**/*",), "painting", "report", 10),
    Source("freecol", "freecol", ("usr/share/games/freecol/**/*",), "painting", "report", 16),
    Source("freeorion", "freeorion-data", ("usr/share/games/freeorion/default/data/art/**/*",), "painting", "report", 24),
    Source("openclipart signs", "openclipart-png", _clip("signs_and_symbols", "transportation", "tools"), "clipart", "report", 24),
    Source("jigzo", "jigzo-data", ("usr/share/games/jigzo/**/*",), "photo", "report", 16),
    Source("gimp help", "gimp-help-en", ("usr/share/gimp/2.0/help/en/images/**/*",), "screen", "report", 16),

    Source("openclipart computers", "openclipart-png", _clip("computer"), "clipart", "held"),
    Source("openclipart shapes", "openclipart-png", _clip("shapes", "special"), "clipart", "held"),
    Source("openclipart maps", "openclipart-png", _clip("geography"), "clipart", "held"),
    Source("openclipart others", "openclipart-png", _clip("unsorted"), "clipart", "held"),
    Source("openclipart school", "openclipart-png", _clip("education", "electronics", "science", "containers", "decorations", "logos"), "clipart", "held"),
    Source("kgeography", "kgeography-data", ("usr/share/kgeography/**/*",), "clipart", "held"),
    Source("krita brushes", "krita-data", ("usr/share/krita/preset_icons/**/*.png", "usr/share/krita/paintoppresets/**/*"), "render", "held"),
    Source("pysiogame", "pysiogame", ("usr/share/games/pysiogame/res/**/*",), "painting", "held"),
    Source("boswars", "boswars-data", ("usr/share/games/boswars/**/*",), "render", "held"),
    Source("neverball", "neverball-data", ("usr/share/games/neverball/shot*/*",), "screen", "held"),
    Source("stellarium land", "stellarium-data", ("usr/share/stellarium/landscapes/*/*", "usr/share/stellarium/scenery3d/*/*", "usr/share/stellarium/textures/*"), "photo", "held"),
    Source("opencv pages", "opencv-doc", ("usr/share/doc/opencv-doc/opencv4/**/*",), "screen", "held"),
    Source("wesnoth campaigns", "wesnoth-1.16-data", (f"{_WESNOTH}/campaigns/**/*",), "painting", "held"),
    Source("naev ships", "naev-data", (f"{_NAEV}/ship/**/*", f"{_NAEV}/commodity/**/*", f"{_NAEV}/loading/**/*"), "render", "held"),
    Source("flare sprites", "flare-game", ("usr/share/games/flare/mods/*/images/[a-ln-oq-sz]*/**/*.png",), "render", "held"),
    Source("unknown-horizons ships", "unknown-horizons", ("usr/share/unknown-horizons/content/gfx/**/*",), "render", "held"),
    Source("widelands buildings", "widelands-data", ("usr/share/games/widelands/data/tribes/buildings/**/*", "usr/share/games/widelands/data/campaigns/**/*"), "render", "held"),
    Source("mpl plots", "python3-mpltoolkits.basemap", ("usr/lib/python3/dist-packages/mpl_toolkits/**/*",), "screen", "held"),
)  # fmt: skip
