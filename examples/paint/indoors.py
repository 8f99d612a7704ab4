"""Streets, rooms and what stands on tables."""

from __future__ import annotations

import numpy as np

from paint.sketch import Sketch, mix


def _house(s: Sketch, x: float, foot: float, w: float, tall: float, wall: str, roof: str, lit: str) -> None:
    s.box(x, foot - tall, w, tall, (wall, mix(wall, "#1c2440", 0.35)), 90, 20)
    s.poly(
        [(x - w * 0.1, foot - tall + 0.6), (x + w / 2, foot - tall - w * 0.55), (x + w * 1.1, foot - tall + 0.6)],
        (roof, mix(roof, "#6a78a8", 0.3)),
        25,
        0,
    )
    for k in (0.18, 0.6):
        s.box(x + w * k, foot - tall * 0.68, w * 0.22, tall * 0.28, lit, 90)


def figure(
    s: Sketch, x: float, foot: float, tall: float, coat: str, legs: str, skin: str, hair: str, *, stride: float = 0.08
) -> None:
    """A grown person seen from some way off, walking."""
    hip, neck = foot - tall * 0.46, foot - tall * 0.83
    for side in (-1, 1):
        knee = (x + side * tall * stride * 0.7, foot - tall * 0.24)
        toe = (x + side * tall * stride * 1.5, foot)
        s.line([(x + side * tall * 0.03, hip), knee, toe], tall * 0.085, legs, taper=0.7)
        s.oval(toe[0] + tall * 0.025, foot, tall * 0.05, tall * 0.018, "#241c1e", 0)
    s.blob([(x - tall * 0.1, neck + tall * 0.04), (x, neck), (x + tall * 0.1, neck + tall * 0.04), (x + tall * 0.115, hip - tall * 0.1), (x + tall * 0.15, hip + tall * 0.16),
            (x - tall * 0.14, hip + tall * 0.16), (x - tall * 0.115, hip - tall * 0.1)], (mix(coat, "#ffe8c8", 0.22), mix(coat, "#10101c", 0.35)), 85, 0)  # fmt: skip
    s.oval(x + tall * 0.005, neck - tall * 0.075, tall * 0.058, tall * 0.075, skin)
    s.oval(x - tall * 0.005, neck - tall * 0.11, tall * 0.065, tall * 0.055, hair)


def night_street(s: Sketch) -> None:
    s.wash([(0, "#0d1533"), (50, "#263463"), (70, "#4a3f6a")], 20)
    s.dabs((30, 0, 74, 40), 90, (5, 1.2), ("#1a2550", "#2f3f78", "#141c40", "#3f4a86"), 30, 25)
    s.ball(52, 14, 4.2, 4.2, ("#f2dfa0", "#fff3c8", "#fffbe6"))
    for k in range(20):
        u, v = s.random.random(2)
        s.oval(32 + u * 38, v * 36, 0.5, 0.5, "#f2e6c0")
    for side in (0, 1):
        for i, (near, far, top, wall) in enumerate(
            ((0, 17, -6, "#3a3358"), (17, 29, 14, "#4a3a4e"), (29, 38, 28, "#34406a"))
        ):
            a, b = (near, far) if not side else (s.w - near, s.w - far)
            low0, low1 = 112 - near * 1.05, 112 - far * 1.05
            s.poly([(a, top), (b, top + 10), (b, low1), (a, low0)], (mix(wall, "#f0a050", 0.16), wall), 90, 90)
            for row in range(5 - i):
                for c in range(2):
                    x = a + (b - a) * (0.2 + c * 0.42)
                    y = top + 14 + row * 16 - i * 2
                    wide = (b - a) * 0.24
                    lit = s.random.random() < 0.6
                    s.poly(
                        [(x, y), (x + wide, y + 1.2), (x + wide, y + 9), (x, y + 9)],
                        ("#ffd873", "#f09a3c") if lit else "#1a2142",
                        90,
                    )
        x0, x1 = (2, 16) if not side else (s.w - 2, s.w - 16)
        s.poly(
            [(x0, 86), (x1, 82), (x1 + (4 if not side else -4), 87), (x0, 93)],
            ("#b03a3a", "#6a2230") if not side else ("#2f7a6a", "#1a4a4a"),
            70,
        )
        s.poly([(x0, 93), (x1, 87), (x1, 97), (x0, 106)], ("#ffcf6a", "#e08a34"), 90)
    s.poly([(38, 72), (64, 72), (128, 140), (-24, 140)], ("#5a4f74", "#1c2140"), 60)
    s.dabs((-4, 82, s.w + 4, s.h), 240, (4, 0.8), ("#2a2f58", "#46487c", "#7a6a8c", "#1c2244"), 0, 8, 0.8)
    for x, w, c in ((10, 7, "#f7b24c"), (92, 7, "#f7c46a"), (34, 4, "#ffd98a"), (67, 4, "#ffd98a"), (50, 4, "#f0d9a0")):
        s.dabs((x - w, 92, x + w, s.h), 46, (3.2, 0.8), (c, mix(c, "#b0506a", 0.4), mix(c, "#3a3a6a", 0.5)), 0, 6, 0.5)
    for x, foot, tall in ((32, 96, 44), (70, 96, 44), (42, 80, 20), (60.5, 80, 20)):
        s.line([(x, foot), (x, foot - tall)], tall * 0.028, "#15182c", soft=False)
        s.oval(x, foot - tall, tall * 0.05, tall * 0.07, "#fff6d0")
        s.glow(x, foot - tall, tall * 0.36, "#ffc060", 0.8)
    figure(s, 48, 108, 30, "#2a2640", "#151526", "#c98f6a", "#1a1620")
    figure(s, 57, 104, 27, "#7a2a3c", "#1a1830", "#d9a07a", "#3a2420")
    s.dabs((42, 109, 64, 119), 26, (3, 0.8), ("#14162c", "#2a2340"), 0, 4)
    s.focus(26, 44, 78, 112)


def umbrellas(s: Sketch) -> None:
    s.wash([(0, "#a9b4bf"), (40, "#c9cdd0"), (60, "#b4b9c2")], 78)
    for x, w, top, c in (
        (0, 22, 4, "#7f8a9c"),
        (22, 13, 18, "#98a2b0"),
        (84, 20, 8, "#8690a4"),
        (70, 14, 24, "#a4adb8"),
        (38, 8, 32, "#aeb6c0"),
        (60, 10, 34, "#adb4be"),
    ):
        s.box(x, top, w, 66 - top, (mix(c, "#ffffff", 0.15), c), 86)
        for i in range(12):
            s.box(
                x + w * (0.2 + 0.45 * (i % 2)),
                top + 5 + (i // 2) * 8.5,
                w * 0.2,
                4.4,
                mix(c, "#3f4860", 0.5) if (i * 5) % 4 else "#f2cf8c",
                90,
            )
    s.wash([(62, "#a5a9b4"), (s.h, "#4e5668")], 0, 62)
    s.dabs((0, 63, s.w, s.h), 260, (4.6, 0.7), ("#7c8598", "#c3c8d0", "#5b6478", "#939bac"), 0, 6, 0.8)
    people = (
        (76, 78, 24, "#f0b23a", "#3a4a6a"),
        (16, 82, 30, "#2f8a8c", "#5a4a4c"),
        (46, 96, 44, "#d8352f", "#2f3448"),
        (83, 116, 62, "#35508f", "#6a5448"),
    )
    for x, foot, tall, top, coat in people:
        s.dabs(
            (x - tall * 0.22, foot, x + tall * 0.22, foot + tall * 0.42),
            34,
            (tall * 0.07, 0.8),
            (mix(top, "#6a7286", 0.45), mix(coat, "#59617a", 0.4), "#8a92a4"),
            0,
            5,
        )
        figure(s, x, foot, tall, coat, "#23263a", "#c99a7c", "#3a2c2a")
        y, r = foot - tall * 0.9, tall * 0.36
        s.line(
            [(x + r * 0.16, y - r * 0.4), (x + r * 0.2, foot - tall * 0.6)],
            max(0.5, tall * 0.014),
            "#2a2426",
            soft=False,
        )
        rim = [(x - r + 2 * r * k / 8, y + (0.10 if k % 2 else 0) * r) for k in range(9)]
        dome = [(x + r * np.cos(a), y - r * 0.72 * np.sin(a)) for a in np.linspace(0, np.pi, 16)]
        s.poly([*rim, *dome], (mix(top, "#ffffff", 0.3), mix(top, "#1a1a30", 0.3)), 40, 0)
        for k in (-0.45, 0, 0.45):
            s.line([(x, y - r * 0.72), (x + k * r * 0.7, y - r * 0.4), (x + k * r, y)], 0.45, mix(top, "#14142a", 0.45))
    for _ in range(150):
        u, v = s.random.random(2)
        x, y = u * 110, v * s.h
        s.line([(x, y), (x - 1.4, y + 6)], 0.4, "#d9dfe6", soft=False)
    s.focus(4, 44, 100, 120)


def snow_village(s: Sketch) -> None:
    s.wash([(0, "#1f2f66"), (34, "#5a6cae"), (52, "#c79ab4")], 0)
    s.blob(
        [(-6, 50), (16, 34), (36, 44), (60, 30), (86, 42), (106, 36), (106, 64), (-6, 64)], ("#8fa0d0", "#6a7cb4"), 12
    )
    s.blob([(-6, 58), (30, 52), (70, 56), (106, 52), (106, 104), (-6, 104)], ("#d4dcf2", "#8c9cd0"), 4)
    for x, foot, w, tall, c in (
        (8, 64, 11, 9, "#6a4a4c"),
        (28, 61, 9, 8, "#5a4658"),
        (74, 62, 11, 9, "#744a44"),
        (88, 69, 13, 10, "#5a3f4c"),
        (18, 76, 16, 13, "#7a4a40"),
        (64, 78, 18, 14, "#6a4450"),
    ):
        _house(s, x, foot, w, tall, c, "#f2f4fc", "#ffd060")
        s.oval(x + w / 2, foot + 2.4, w * 0.6, 2, "#f0cf9c", 0)
    s.box(44, 40, 8.5, 26, ("#8a6a68", "#4f4260"), 90, 0)
    s.poly([(42.6, 41), (48.2, 20), (53.8, 41)], ("#e8ecf8", "#9aa8d8"), 80, 0)
    s.line([(48.2, 20), (48.2, 15.5)], 0.8, "#f2d070", soft=False)
    s.box(46.8, 45, 3, 5, "#ffd873")
    s.box(52, 53, 13, 13, ("#7d5c60", "#54456a"), 90)
    s.poly([(51, 54), (54, 46), (64, 46), (66.5, 54)], "#eef1fb", 10)
    for x in (54, 58, 62):
        s.box(x, 56.5, 1.8, 5, "#ffd060")
    s.blob(
        [(40, 104), (46, 86), (38, 76), (46, 66), (52, 66), (47, 76), (60, 86), (66, 104)], ("#b4c0e8", "#8090c8"), 84
    )
    for x, foot, tall in ((6, 92, 26), (90, 94, 30), (98, 84, 20), (37, 66, 10), (78, 60, 9)):
        s.line([(x, foot + 1), (x, foot - 3)], tall * 0.07, "#3a2c3c", soft=False)
        for k in range(4):
            y, r = foot - 2 - k * tall * 0.2, tall * (0.34 - k * 0.07)
            s.poly([(x - r, y), (x, y - tall * 0.34), (x + r, y)], ("#2c4a5e", "#1c3048"), 70)
            s.line([(x - r * 0.85, y - 0.8), (x, y - tall * 0.26)], tall * 0.05, "#e9eefb")
    for _ in range(110):
        u, v = s.random.random(2)
        s.oval(u * 100, v * 96, 0.62, 0.62, "#f4f6ff")
    s.focus(6, 14, 94, 84)


def cafe(s: Sketch) -> None:
    s.wash([(0, "#101c4c"), (50, "#27428c"), (70, "#3a4a86")], 30)
    for x, y in ((72, 8), (84, 18), (92, 6), (78, 27), (66, 18), (95, 30)):
        for r, c in ((2.6, "#3f5fae"), (1.7, "#a9bfe0"), (0.9, "#fffbe0")):
            s.oval(x, y, r, r, c)
    s.poly([(100, 26), (84, 40), (78, 62), (100, 66)], ("#2c3564", "#4a4470"), 88)
    for x, y in ((86, 44), (92, 40), (92, 52), (86, 53)):
        s.box(x, y, 2.6, 4.4, "#f2b04a")
    s.poly([(0, 0), (40, 0), (66, 44), (66, 72), (0, 76)], ("#f2c23c", "#f7a52c"), 80, 40)
    s.poly([(6, 38), (26, 43), (26, 70), (6, 72)], ("#fff0a4", "#f5b840"), 90)
    s.poly([(36, 45), (50, 48), (50, 69), (36, 70)], ("#7a3a2c", "#c86a34"), 90)
    s.poly([(-2, 14), (62, 40), (74, 46), (70, 50), (-2, 38)], ("#e8742c", "#b23c28"), 25, 90)
    for k in range(8):
        s.line([(4 + k * 8.5, 17 + k * 3.6), (2 + k * 8.9, 37 + k * 1.6)], 1.8, "#f9dc8c", soft=False)
    s.glow(34, 52, 30, "#ffd060", 0.75)
    s.poly([(0, 74), (66, 70), (100, 66), (100, 116), (0, 116)], ("#d99a4c", "#3d3a66"), 12)
    s.dabs((0, 74, 100, 112), 230, (3.4, 1.0), ("#e8b25c", "#8a6a7c", "#5a5488", "#c9843c", "#46497c"), 8, 14, 0.7)
    for x, y, k in ((20, 80, 1.0), (48, 78, 0.85), (32, 96, 1.5), (70, 92, 1.25)):
        s.oval(x, y + 11 * k, 8 * k, 1.8 * k, "#33284c", 0)
        s.line([(x, y), (x, y + 11 * k)], 1.0 * k, "#3a2a34", soft=False)
        for side in (-1, 1):
            cx = x + side * 8.4 * k
            s.line(
                [(cx + side * 2 * k, y - 5 * k), (cx + side * 1.2 * k, y + 4 * k), (cx + side * 1.8 * k, y + 12 * k)],
                0.9 * k,
                "#7a3c2a",
            )
            s.line([(cx - side * 2.4 * k, y + 4 * k), (cx - side * 2 * k, y + 12 * k)], 0.8 * k, "#7a3c2a", soft=False)
            s.oval(cx - side * 0.3 * k, y + 4 * k, 3 * k, 1.0 * k, "#c4632f", 0)
        s.oval(x, y, 6 * k, 2.0 * k, ("#fff6da", "#d9c08c"), 0)
        s.oval(x - k, y - 0.9 * k, 0.8 * k, 1.1 * k, "#b23a34")
    figure(s, 58, 92, 30, "#f4efe4", "#262a44", "#d9a27a", "#3a241e", stride=0.05)
    figure(s, 88, 82, 19, "#7a2f4a", "#1c2040", "#c98f6a", "#1c1620")
    figure(s, 82, 80, 17, "#2c4a6a", "#161a34", "#c98f6a", "#3a2a1c")
    s.line([(30, 22), (30, 31)], 0.6, "#3a2a22", soft=False)
    s.oval(30, 33, 2.4, 2.8, "#fffbe2")
    s.glow(30, 33, 10, "#ffe69a", 0.8)
    s.focus(6, 28, 96, 110)


def kitchen(s: Sketch) -> None:
    s.wash([(0, "#d9c9a0"), (66, "#c9a878")], 90)
    for i in range(12):
        for j in range(4):
            s.box(
                i * 10.2 - (j % 2) * 4,
                30 + j * 7.4,
                9.6,
                6.8,
                (("#e8e2d0", "#d0c8b4"), ("#c9d4d0", "#aebcb8"))[(i + j) % 2],
                0,
            )
    s.wash([(72, "#a5603c"), (100, "#6a3626")], 0, 72)
    for i in range(9):
        s.line([(60 + (i - 4) * 12, 72), (60 + (i - 4) * 30, 102)], 0.7, "#5a2c20", soft=False)
    s.box(84, 6, 26, 26, ("#cfe9f4", "#f7efc8"), 60)
    s.dabs((85, 20, 109, 31), 24, (3, 1.6), ("#7fa860", "#a9c46a", "#5f8a50"), 0, 40)
    for x in (84, 97, 110):
        s.line([(x, 5), (x, 32)], 1.6, "#f7f2e4", soft=False)
    s.line([(83, 18), (111, 18)], 1.2, "#f7f2e4", soft=False)
    for x, d in ((78, 1), (110, -1)):
        s.blob([(x, 3), (x + 8, 4), (x + 8 + d, 18), (x + 5 + d * 3, 36), (x, 36)], ("#d8584a", "#a8342f"), 88)
    s.box(8, 46, 34, 42, ("#3a3f46", "#22252c"), 90, 0)
    s.box(6, 43.5, 38, 3.6, ("#5a626c", "#3a4048"), 0)
    s.box(13, 58, 17, 14, "#14161a")
    s.box(15, 60, 13, 10, ("#f7a23c", "#c23a1c"), 90)
    s.glow(21, 66, 14, "#ff8a30", 0.7)
    s.line([(12, 55), (31, 55)], 1.0, "#c9a45a", soft=False)
    s.box(34, 0, 6, 44, ("#5d646c", "#2c3036"), 90, 0)
    s.box(12, 32, 15, 12, ("#d08048", "#7a3a22"), 90, 0)
    s.oval(19.5, 32, 7.5, 1.8, "#e8a868", 0)
    s.line([(27, 36), (33, 34)], 1.4, "#7a3a22", soft=False)
    for k in range(4):
        s.line([(18 + k * 2, 29), (16 + k * 2.4, 22), (19 + k * 2, 15)], 1.3, "#efe6d2", taper=0.5)
    s.line([(46, 18), (82, 18)], 1.0, "#6a4a34", soft=False)
    for x, r, c in ((51, 4.4, "#c4703c"), (60, 3.6, "#8a8f96"), (69, 5, "#b8602f"), (78, 3.2, "#d9a458")):
        s.line([(x, 18), (x, 27 - r)], 0.7, "#3a2c26", soft=False)
        s.ball(x, 27, r, r, (mix(c, "#20100c", 0.5), c, mix(c, "#fff2d8", 0.45)))
    s.poly([(46, 66), (104, 66), (114, 80), (38, 80)], ("#e0b070", "#b87a40"), 2)
    s.box(38, 80, 76, 4, ("#9a6030", "#6a3c20"), 0)
    for x in (41, 107):
        s.box(x, 84, 4, 17, ("#8a5430", "#4f2c1c"), 90, 0)
    s.blob(
        [(62, 76), (60, 66), (64, 58), (63, 53), (73, 53), (72, 58), (77, 66), (75, 76)], ("#5a8ac0", "#2a4a80"), 88, 0
    )
    s.oval(68, 53, 5, 1.4, "#b8d0e8", 0)
    s.line([(76, 58), (82, 62), (77, 70)], 1.4, "#33558c")
    s.blob([(84, 76), (82, 71), (88, 67.5), (98, 68), (101, 73), (98, 77)], ("#c8782c", "#5f3014"), 20)
    for k in range(3):
        s.line([(87 + k * 4, 69), (89 + k * 4, 73)], 0.8, "#f2c478", soft=False)
    s.oval(51, 76, 8, 2.6, ("#f7f2e6", "#c4b8a4"), 0)
    for x, c in ((48, "#d8412f"), (52.5, "#e0a02c"), (51, "#8aa83c")):
        s.ball(x, 73.4 if x != 51 else 71, 2.6, 2.5, (mix(c, "#3a1810", 0.45), c, mix(c, "#fff4d0", 0.5)))
    s.blob([(56, 100), (57, 91), (63, 89), (68, 93), (67, 100)], ("#f0a050", "#9a5420"), 70)
    s.ball(59, 89, 3, 2.8, ("#9a5420", "#f0a050"))
    s.poly([(56.6, 87.6), (57, 84), (59, 86.6)], "#c87430")
    s.poly([(59.4, 86.6), (61.6, 84), (61.6, 87.8)], "#c87430")
    s.line([(67, 98), (73, 97), (74, 92)], 1.5, "#c87430")
    s.focus(8, 20, 112, 100)


def window_room(s: Sketch) -> None:
    s.wash([(0, "#7d93a8"), (76, "#a9b4b4")], 84)
    s.wash([(84, "#b98a58"), (s.h, "#7a4f30")], 0, 84)
    for i in range(8):
        s.line([(-10 + i * 17, s.h), (24 + i * 8, 84)], 0.6, "#6a4228", soft=False)
    s.box(0, 80, s.w, 4, "#e9e2d2", 0)
    s.box(34, 10, 44, 54, "#f4eee0", 90)
    s.box(37, 13, 38, 48, ("#9fd0ee", "#f2f0cc"), 10)
    s.blob([(37, 46), (48, 40), (60, 45), (75, 38), (75, 61), (37, 61)], ("#7fae62", "#4f8348"), 8)
    s.leaves(66, 32, 10, 12, ("#2c5a34", "#3f7a3c", "#5f9444"), 150, 1.9)
    s.line([(66, 54), (66, 42)], 1.2, "#5a4030", soft=False)
    for a, b in (((56, 12), (56, 62)), ((36, 36), (76, 36))):
        s.line([a, b], 1.8, "#f7f2e6", soft=False)
    for pts in (
        [(26, 5), (38, 6), (40, 30), (33, 56), (30, 80), (22, 80), (24, 40)],
        [(86, 5), (74, 6), (72, 30), (79, 56), (82, 80), (90, 80), (88, 40)],
    ):
        s.blob(pts, ("#fff6dc", "#d9b878"), 88)
    s.line([(22, 5.5), (90, 5.5)], 1.5, "#8a6038", soft=False)
    s.box(32, 63, 48, 3, ("#fbf6ea", "#cfc4ae"), 0)
    for x, c in ((46, "#c05a3a"), (67, "#b86a44")):
        s.poly([(x - 3.4, 56), (x + 3.4, 56), (x + 2.4, 63), (x - 2.4, 63)], (c, mix(c, "#3a1c14", 0.4)), 0, 0)
        s.leaves(x, 52, 5, 5, ("#2f5a36", "#4f8a44", "#8ab858"), 34, 1.3)
        s.dabs((x - 4, 47, x + 4, 54), 9, (1.2, 1.1), ("#e0405a", "#f0708a"))
    s.poly([(40, 90), (72, 90), (88, 108), (48, 108)], ("#f9dc98", "#eab868"), 4)
    s.line([(63, 90), (66, 108)], 1.2, "#b07c48", soft=False)
    s.line([(44, 98), (80, 98)], 1.2, "#b07c48", soft=False)
    chair = "#d99a34"
    s.line([(12, 62), (13, 110)], 2.4, chair, soft=False)
    s.line([(30, 66), (31, 106)], 2.0, chair, soft=False)
    for y in (66, 73, 80):
        s.line([(12, y), (30, y + 3)], 2.4, mix(chair, "#fff0c0", 0.25), soft=False)
    s.poly([(12, 88), (30, 86), (42, 90), (24, 94)], ("#e8c880", "#b8823c"), 0)
    s.line([(24, 94), (24, 114)], 2.2, "#b87a28", soft=False)
    s.line([(41, 90), (41, 107)], 1.8, "#b87a28", soft=False)
    s.poly([(16, 87), (25, 86), (35, 90), (25, 92)], ("#c0485a", "#7a2c40"), 6)
    s.box(84, 78, 20, 3, ("#c08a50", "#8a5a30"), 0)
    s.line([(92, 81), (92, 106)], 2.2, "#7a4e2c", soft=False)
    s.poly([(86, 104), (92, 99), (99, 106), (92, 103)], "#6a4226")
    s.box(86, 75.6, 11, 2.6, ("#3a5a80", "#2a3f60"), 0)
    s.box(87, 73.4, 9, 2.2, "#c05040", 0)
    s.ball(97.5, 74, 2.4, 3.6, ("#8f9fae", "#dfe8ec", "#ffffff"))
    s.box(4, 24, 16, 20, ("#8a5a30", "#6a4424"), 90)
    s.box(6, 26, 12, 16, ("#5f88a0", "#c4b078"), 0)
    s.focus(4, 20, 100, 114)


def fruit(s: Sketch) -> None:
    s.wash([(0, "#3d4a44"), (60, "#6a6a4e")], 60)
    s.dabs((0, 0, s.w, 62), 150, (7, 2.4), ("#34423f", "#54604c", "#7a744e", "#2b3836"), 60, 20)
    s.poly([(-4, 60), (s.w + 4, 57), (s.w + 4, 104), (-4, 104)], ("#e9dcc2", "#b8a684"), 4)
    s.blob([(-4, 60), (30, 62), (52, 74), (44, 104), (-4, 104)], ("#8fb0c4", "#54748f"), 50)
    for k in range(6):
        s.line([(4 + k * 8, 62 + k), (8 + k * 7, 80), (2 + k * 9, 103)], 1.2, ("#b8d0da", "#46647e")[k % 2])
    s.oval(38, 83, 24, 5, "#5a5f68", 5)
    s.blob(
        [(22, 82), (18, 66), (22, 50), (31, 40), (29, 30), (43, 29), (42, 40), (51, 50), (55, 66), (51, 82), (36, 86)],
        ("#f2ead8", "#6f7f96"),
        88,
        0,
    )
    s.blob([(22, 64), (36, 69), (54, 63), (54, 68), (36, 74), (20.5, 69)], ("#3a6ab0", "#22407a"), 5)
    s.line([(50, 46), (62, 50), (60, 66), (52, 72)], 3.0, "#a9b0b8")
    s.oval(36, 29.6, 7.4, 2.2, "#38404c", 0)
    s.oval(84, 88, 30, 5, "#8a7a62", 4)
    s.blob([(60, 74), (84, 79), (108, 74), (102, 86), (92, 90), (76, 90), (66, 86)], ("#c46a3c", "#5d2a1e"), 5, 0)
    fruits = (
        (70, 70, 8, 8, "#e8862a"),
        (98, 70, 8, 7.8, "#d23a2c"),
        (84, 69, 8.4, 8.2, "#e8b02c"),
        (77, 60, 7.8, 7.6, "#c8402c"),
        (92, 59, 7.6, 7.8, "#ef9a30"),
    )
    for x, y, rx, ry, c in fruits:
        s.ball(
            x,
            y,
            rx,
            ry,
            (mix(c, "#2c1020", 0.55), mix(c, "#4a1a1c", 0.22), c, mix(c, "#ffe9a0", 0.4), mix(c, "#fff8e0", 0.75)),
        )
        s.line([(x + 0.5, y - ry * 0.75), (x + 1.6, y - ry * 1.1)], 0.8, "#4a3420", soft=False)
    s.line([(60, 74), (84, 79.4), (108, 74)], 1.4, "#e8a070")
    s.oval(28, 95, 11, 2.4, "#46586c", 3)
    s.blob([(18, 94), (17, 87), (24, 82), (30, 76), (34, 80), (34, 89), (30, 95)], ("#d9d860", "#7a8a2c"), 80, 0)
    s.line([(31, 77), (34, 72)], 0.9, "#4a3420", soft=False)
    for k in range(16):
        x, y = 58 + (k * 7) % 17, 90 + (k * 5) % 9
        s.ball(x, y, 2.9, 2.8, ("#2a1838", "#5a2f6a", "#8a5a98", "#d0b0d8"))
    s.line([(66, 90), (72, 85), (78, 86)], 0.9, "#5a6a30")
    s.focus(14, 26, 112, 100)


def sunflowers(s: Sketch) -> None:
    s.wash([(0, "#4f9aa0"), (84, "#9fcbb8")], 70)
    s.dabs((0, 0, s.w, 84), 210, (5, 1.8), ("#5aa6a8", "#86bfb0", "#448c96", "#a9d2bc"), 70, 45)
    s.wash([(84, "#e0a050"), (s.h, "#a8622c")], 0, 84)
    s.oval(60, 106, 30, 4.4, "#7a4424", 0)
    heads = (
        (32, 30, 12),
        (58, 20, 13),
        (78, 40, 12),
        (46, 48, 13),
        (22, 54, 10),
        (68, 60, 11),
        (86, 62, 8),
        (40, 10, 8),
    )
    for x, y, _ in heads:
        s.line([(50, 86), ((50 + x) / 2, (84 + y) / 2), (x, y)], 1.7, "#4a7a34")
    for x, y, a in ((38, 66, 40), (62, 74, -30), (28, 68, 15), (74, 74, 20), (52, 34, 80), (64, 42, -50)):
        s.oval(x, y, 8, 3.2, ("#7fae42", "#3d6a30"), a, a)
    s.blob(
        [(36, 104), (31, 90), (35, 78), (42, 72), (60, 72), (66, 78), (69, 90), (64, 104), (50, 107)],
        ("#f2e6c4", "#a8743c"),
        88,
        0,
    )
    s.blob([(32, 90), (50, 94), (68.5, 90), (64, 104), (50, 107), (36, 104)], ("#5f9ac0", "#2a4f80"), 5, 0)
    s.oval(51, 72.6, 9.4, 2.4, "#7a4e2c", 0)
    for x, y, r in heads:
        for ring, (share, c) in enumerate(((1.0, "#c8801c"), (0.9, "#eba820"), (0.76, "#ffd23c"))):
            for k in range(17):
                a = (k + ring * 0.4) * 21.2 + x
                d = r * share * 0.74
                px, py = x + d * np.cos(np.radians(a)), y + d * np.sin(np.radians(a)) * 0.94
                s.oval(px, py, r * 0.34, r * 0.13, mix(c, "#fff2a0", 0.25) if k % 3 == 0 else c, a, a)
        s.ball(x, y, r * 0.47, r * 0.45, ("#3a2014", "#5d341a", "#8a5424"))
        s.dabs((x - r * 0.3, y - r * 0.3, x + r * 0.3, y + r * 0.3), 14, (0.6, 0.5), ("#b87a34", "#2c180f"), 0, 90)
    for x, y, a in ((24, 104, 10), (78, 102, -14), (84, 108, 20)):
        s.oval(x, y, 3.4, 1.1, "#ffd23c", a, a)
    s.focus(12, 2, 96, 108)


def poppies(s: Sketch) -> None:
    s.wash([(0, "#7a9c68"), (60, "#4d7c54"), (100, "#2c5240")], 70)
    s.dabs((0, 0, 100, 100), 220, (6, 1.6), ("#8fb070", "#3f6e4c", "#5d8a5c", "#b8c880", "#2f5a44"), 78, 30)
    for x, c in ((14, "#a9c078"), (34, "#7fa45c"), (57, "#a9c078"), (86, "#7fa45c"), (72, "#5a8a50")):
        s.line([(x + 6, 102), (x + 2, 74), (x, 40)], 1.7, c)
    for x, y, r, c in (
        (84, 22, 15, "#e8502c"),
        (18, 26, 12, "#e0462f"),
        (48, 58, 33, "#e23420"),
        (88, 82, 14, "#d83a2c"),
    ):
        dark, light = mix(c, "#5a0a1c", 0.5), mix(c, "#ffb070", 0.5)
        for a, share, tint in (
            (200, 1.0, dark),
            (340, 1.0, c),
            (270, 0.95, mix(c, dark, 0.3)),
            (90, 0.9, c),
            (30, 0.8, light),
            (150, 0.8, mix(c, light, 0.4)),
        ):
            px, py = x + r * 0.46 * np.cos(np.radians(a)), y + r * 0.42 * np.sin(np.radians(a))
            s.blob([(px + r * share * 0.62 * np.cos(t) * (1 + 0.08 * np.sin(5 * t)), py + r * share * 0.5 * np.sin(t)) for t in np.linspace(0, 6.28, 10, endpoint=False)],
                   (mix(tint, light, 0.35), mix(tint, dark, 0.35)), a, a)  # fmt: skip
            for k in range(-2, 3):
                far = np.radians(a + k * 17)
                s.line(
                    [
                        (x + r * 0.2 * np.cos(far), y + r * 0.18 * np.sin(far)),
                        (x + r * 0.9 * np.cos(far), y + r * 0.78 * np.sin(far)),
                    ],
                    r * 0.03,
                    (light, dark)[k % 2],
                )
        s.ball(x, y, r * 0.2, r * 0.18, ("#1c1424", "#3a3040", "#7a9a60"))
        for k in range(22):
            a = k * 0.2856
            s.oval(
                x + r * 0.29 * np.cos(a),
                y + r * 0.26 * np.sin(a),
                r * 0.035,
                r * 0.035,
                ("#1a1220", "#e8d080")[k % 4 == 0],
            )
    s.blob([(66, 12), (63, 5), (66, -2), (71, 3), (70, 11)], ("#8fae5c", "#4a6a3c"), 80)
    s.line([(67, 11), (64, 26), (66, 40)], 1.0, "#8fae5c")
    s.focus(10, 10, 98, 96)
