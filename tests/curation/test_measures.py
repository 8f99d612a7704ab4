"""The measures against values known by hand, and against sets whose answer is known."""

import itertools
import math

import msgspec
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from loraprep.captions import lexicon
from loraprep.curation.measures import diversity, facility_location, style_clusters, watermarks
from loraprep.imaging import corners, facts, style
from tests import brushwork, pictures
from tests.benchmarks import entanglement


def test_hill_numbers_and_evenness() -> None:
    assert diversity.hill({"a": 4, "b": 4, "c": 4}) == pytest.approx(3)
    assert diversity.hill({"a": 12}) == pytest.approx(1)
    assert diversity.hill({}) == 0
    assert diversity.hill({"a": 9, "b": 1}) == pytest.approx(1.384, abs=1e-3)  # exp(0.3251)
    assert diversity.evenness({"a": 4, "b": 4}) == pytest.approx(1)
    assert diversity.evenness({"a": 99, "b": 1}) < 0.1


def test_the_vendi_score_counts_different_pictures() -> None:
    assert diversity.vendi(np.eye(7)) == pytest.approx(7)
    assert diversity.vendi(np.ones((7, 7))) == pytest.approx(1)
    pairs = np.kron(np.eye(4), np.ones((2, 2)))
    assert diversity.vendi(pairs) == pytest.approx(4)
    assert diversity.vendi(np.zeros((0, 0))) == 0


def test_fisher_is_the_tail_and_holm_counts_only_what_could_hold() -> None:
    assert diversity.fisher(4, 4, 4, 8) == pytest.approx(1 / 70)  # Fisher's tea
    assert diversity.fisher(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert diversity.holm([0.01, 0.04, 0.03], [0, 0, 0], 0.05) == [True, False, False]
    assert diversity.holm([0.01, 0.015, 0.03], [0, 0, 0], 0.05) == [True, True, True]
    assert diversity.holm([0.04, 0.9, 0.9], [0.001, 0.5, 0.5], 0.05) == [True, False, False]
    assert diversity.holm([], [], 0.05) == []


@pytest.mark.parametrize(("of_a", "of_b", "n"), [(4, 4, 8), (30, 90, 100), (99, 100, 100), (5, 700, 1500), (0, 3, 9)])
def test_fisher_of_each_number_is_the_tail_of_binomials(of_a: int, of_b: int, n: int) -> None:
    for both in range(min(of_a, of_b) + 1):
        ways = sum(math.comb(of_a, k) * math.comb(n - of_a, of_b - k) for k in range(both, min(of_a, of_b) + 1))
        assert diversity.fisher(both, of_a, of_b, n) == ways / math.comb(n, of_b)


@pytest.mark.parametrize("pictures", [1, 2, 12, 60])
def test_whether_there_are_so_many_kinds_is_told_as_by_their_number(pictures: int) -> None:
    points = np.random.default_rng(pictures).normal(size=(pictures, 4))
    kernel = np.exp(-np.square(points[:, None] - points[None]).sum(2) / 4)
    number = diversity.vendi(kernel)
    for least in (0.0, 0.9, number * 0.4, number - 1e-6, number + 1e-6, number * 2):
        assert diversity.vendi_at_least(kernel, least) == (number >= least)
    assert diversity.vendi_at_least(np.zeros((0, 0)), 0)
    assert not diversity.vendi_at_least(np.zeros((0, 0)), 1)


def test_association_of_what_is_tied_and_of_what_is_not() -> None:
    subjects = ["portrait", "landscape"] * 10
    strength, chance = diversity.association(subjects, ["warm", "cool"] * 10)
    assert strength == pytest.approx(1)
    assert chance == pytest.approx(1 / 2001)
    strength, chance = diversity.association(subjects, ["warm", "warm", "cool", "cool"] * 5)
    assert strength == 0
    assert chance > 0.5
    assert diversity.association(["a"] * 20, ["x", "y"] * 10) == (0.0, 1.0)
    assert diversity.association(subjects, ["warm", "cool"] * 10) == diversity.association(
        subjects, ["warm", "cool"] * 10
    )


def test_measures_rise_with_known_entanglement_and_chances_are_honest() -> None:
    found = entanglement.main(sets=8, sizes=(20, 60), independent=200)
    for n in (20, 60):
        assert found[f"share of one subject, n={n}"] >= 0.95
        assert found[f"palette tied to subject, means, n={n}"] >= 0.95
        for level in (0.05, 0.2, 0.5):  # 200 independent sets: three standard errors
            error = 3 * (level * (1 - level) / 200) ** 0.5
            assert abs(found[f"chance <= {level}, independent, n={n}"] - level) <= error


def _kernel(points: np.ndarray) -> np.ndarray:
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    return np.maximum(0, 1 - distance / 10).astype(np.float32)


def test_a_subset_covers_keeps_pins_quotas_and_never_both_copies() -> None:
    points = np.array([[0, 0], [0.1, 0], [0.2, 0], [9, 0], [9.1, 0], [0, 9], [0, 9.1], [9, 9]], float)
    alike, worth = _kernel(points), np.zeros(8, np.float32)
    first = facility_location.facility_subset(alike, worth, 4)
    assert [len({i for i in first if i in group}) for group in ({0, 1, 2}, {3, 4}, {5, 6}, {7})] == [1, 1, 1, 1]
    assert facility_location.facility_subset(alike, worth, 4) == first
    assert 2 in facility_location.facility_subset(alike, worth, 2, pinned=[2])
    quota = facility_location.MemberQuota(frozenset({0, 1, 2}), 2, 2)
    assert len(set(facility_location.facility_subset(alike, worth, 4, quotas=[quota])) & {0, 1, 2}) == 2
    top = facility_location.MemberQuota(frozenset({3, 4, 5, 6, 7}), 0, 1)
    assert len(set(facility_location.facility_subset(alike, worth, 3, quotas=[top])) & {3, 4, 5, 6, 7}) == 1
    assert len(set(facility_location.facility_subset(alike, worth, 8, copies=[[3, 4], [5, 6]]))) == 6
    pinned = facility_location.facility_subset(alike, worth, 8, pinned=[3, 4], copies=[[3, 4]])
    assert {3, 4} <= set(pinned)
    # a quota that there are no pictures for does not leave the set short
    assert (
        len(
            facility_location.facility_subset(
                alike, worth, 8, quotas=[facility_location.MemberQuota(frozenset({0}), 1, 1), top]
            )
        )
        == 8
    )


def test_what_is_lost_without_a_picture() -> None:
    alike = _kernel(np.array([[0, 0], [0.1, 0], [9, 9]], float))
    lost = facility_location.coverage_losses(alike, [0, 1, 2])
    assert lost[2] == pytest.approx(1)  # nobody else shows it
    assert lost[0] < 0.02
    assert facility_location.coverage_losses(alike, []) == []


def test_of_equal_pictures_the_sharper_is_taken() -> None:
    alike = np.ones((3, 3), np.float32)
    assert facility_location.facility_subset(alike, np.array([0.2, 0.9, 0.5], np.float32), 1) == [1]


def test_words_mean_closed_terms() -> None:
    assert lexicon.meant("subject_class", "a robin on a snowy branch, red berries") == "animal"
    assert lexicon.meant("subject_class", "a snow leopard on a rock") == "animal"
    assert lexicon.meant("subject_class", "man riding horse") == "person"
    assert lexicon.meant("subject_class", "1girl, solo, standing") == "person"
    assert lexicon.meant("subject_class", "no humans, scenery") == "landscape"
    assert lexicon.meant("subject_class", "poppies") == "plant"
    assert lexicon.meant("subject_class", "bright blue and ochre") == ""
    assert lexicon.meant("subject_class", "a halberdier in plate armor") == "person", "not a still life of a plate"
    assert lexicon.meant("framing", "a man in a wide hat") == "", "no wide view"
    assert lexicon.meant("framing", "a man, wide") == "wide view"
    assert lexicon.meant("framing", "a man, head and shoulders") == "portrait"
    assert lexicon.meant("angle", "looking at viewer, from_above") == "from above"
    assert lexicon.meant("lighting", "a lit street at night, warm lamplight") == "at night"
    assert lexicon.counted("angle", "profile") == "side"
    assert lexicon.counted("outfit", "red coat") == "red coat"
    assert (lexicon.asked(1, "person"), lexicon.asked(3, "person"), lexicon.asked(2, "at night")) == (
        "person",
        "people",
        "at night",
    )


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[tuple[float, ...]]]:
    """Eight scenes in three brushes."""
    return {
        brush: [brushwork.described(brush, n) for n in range(0, 24, 3)] for brush in ("inked", "airbrushed", "washed")
    }


def test_brushes_are_told_apart_and_one_brush_is_one_look(drawn: dict[str, list[tuple[float, ...]]]) -> None:
    for brush, descriptors in drawn.items():
        points = style_clusters.style_points(descriptors)
        assert len(style_clusters.divided(points, style_clusters.scale().hinted)[0]) == 1, brush
    both = style_clusters.style_points([*drawn["inked"], *drawn["washed"]])
    groups, sure = style_clusters.divided(both, style_clusters.scale().asked)
    assert groups == [list(range(8)), list(range(8, 16))]
    assert sure >= style_clusters.scale().asked


def test_a_look_does_not_depend_on_the_colours(drawn: dict[str, list[tuple[float, ...]]]) -> None:
    picture = brushwork.painted("inked", 0)
    turned = Pillow.merge("RGB", picture.split()[::-1])
    points = style_clusters.style_points([drawn["inked"][0], style.style_descriptor(turned), drawn["airbrushed"][0]])
    assert np.linalg.norm(points[0] - points[1]) < 0.5 * np.linalg.norm(points[0] - points[2])


def test_empty_and_tiny_pictures_have_no_look() -> None:
    assert style.style_descriptor(Pillow.new("RGB", (400, 300), "white")) == ()
    assert style.style_descriptor(Pillow.effect_noise((90, 400), 60).convert("RGB")) == ()


def _signed(number: int, text: str) -> Pillow.Image:
    picture = brushwork.painted("airbrushed", number)
    font = ImageFont.load_default(26)
    pen = ImageDraw.Draw(picture)
    width = pen.textlength(text, font=font)
    pen.text((picture.width - width - 16 - number % 2, picture.height - 40), text, font=font, fill="white")
    return picture


def test_a_signature_is_found_where_it_is_and_nowhere_else() -> None:
    signed = [corners.corners(_signed(n, "M. Ferrand")) for n in (0, 3, 6, 9)]
    clean = [corners.corners(brushwork.painted("airbrushed", n)) for n in (1, 4, 7, 10, 13)]
    assert watermarks.find_marks([*clean, *signed]) == [(3, [5, 6, 7, 8])]
    assert watermarks.find_marks(clean) == []
    assert watermarks.find_marks(signed[:2]) == []  # two may be chance
    different = [corners.corners(_signed(n, t)) for n, t in ((0, "M. Ferrand"), (3, "20 x 30 cm"), (6, "Oslo, May"))]
    assert watermarks.find_marks(different) == []


def _linked_by_whole_surfaces(codes: list[np.ndarray]) -> list[tuple[int, int]]:
    """marks._linked as its definition reads: every shift of every pair."""
    fields = np.stack([watermarks._directions(code) for code in codes])
    power = np.sqrt((np.abs(fields) ** 2).sum(axis=(1, 2)))
    spectra = np.fft.fft2(fields)
    pairs = []
    for a, b in itertools.combinations(range(len(codes)), 2):
        surface = np.fft.ifft2(spectra[a] * np.conj(spectra[b])).real
        near = np.roll(surface, (6, 6), (0, 1))[:13, :13].max()
        if near >= watermarks._STANDS_OUT * surface.std() and near >= watermarks._SAME * power[a] * power[b]:
            pairs.append((a, b))
    return pairs


def test_marks_are_those_of_the_whole_correlation() -> None:
    random = np.random.default_rng(5)
    stamp = random.random((30, 60)) < 0.3
    for bearing in (0, 9):
        pictures = []
        for n in range(24):
            coarse = random.integers(0, 255, (int(random.integers(30, 60)), int(random.integers(45, 90))))
            drawn = np.array(Pillow.fromarray(coarse.astype(np.uint8)).resize((640, 420), Pillow.Resampling.BICUBIC))
            if n < bearing:
                y, x = 370 + random.integers(-3, 4), 520 + random.integers(-3, 4)
                drawn[y : y + 30, x : x + 60][stamp] = 255
            pictures.append(corners.corners(Pillow.fromarray(drawn).convert("RGB")))
        for corner in range(4):
            codes = [c[corner] for c in pictures]
            assert all((code > 0).sum() >= watermarks._INK for code in codes)
            alone = [np.stack([code if k == corner else np.zeros_like(code) for k in range(4)]) for code in codes]
            linked = [pair for _, pair in watermarks._linked(alone, [*map(str, range(24))], watermarks.Nothing())]
            assert linked == _linked_by_whole_surfaces(codes)
            assert (len(linked) > 9) == (bearing > 0 and corner == 3)


class _Known(dict[str, bytes]):
    def put(self, key: str, data: bytes) -> None:
        self[key] = data


def test_what_was_compared_is_not_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watermarks, "_reach", lambda _: 4)
    monkeypatch.setattr(watermarks, "_AT_ONCE", 8)
    pictures = [corners.corners(_signed(n, "M. Ferrand" if n % 3 else "20 x 30 cm")) for n in range(30)]
    names, known, rows = [f"p{n}" for n in range(30)], _Known(), list[int]()
    clear = watermarks._clear
    monkeypatch.setattr(watermarks, "_clear", lambda s, p, one, others: rows.append(one) or clear(s, p, one, others))

    def found(some: list[int], memory: _Known | None) -> list[tuple[int, list[int]]]:
        rows.clear()
        return watermarks.find_marks([pictures[n] for n in some], (), [names[n] for n in some], memory)

    whole = found([*range(30)], known)
    assert any(corner == 3 and {1, 2, 4, 5} <= {*bear} for corner, bear in whole)
    first = len(rows)
    assert found([*range(30)], known) == whole
    assert not rows
    left = [n for n in range(30) if n != 17]
    assert found(left, known) == found(left, None)
    found(left, _Known(known))
    assert found([*range(30)], known) == whole
    assert 0 < len(rows) <= 4 * 5 < first


def test_what_is_known_of_corners_may_come_from_anywhere() -> None:
    pictures = [corners.corners(_signed(n, "M. Ferrand")) for n in (0, 3, 6)]
    names, known = ["a", "b", "c"], _Known()
    whole = watermarks.find_marks(pictures, (), names, known)
    row = msgspec.msgpack.decode(known["a"])
    known["a"] = msgspec.msgpack.encode([row[0], row[1], [b"\xff"] * 4])
    known["b"] = msgspec.msgpack.encode([row[0], [b""], []])
    assert watermarks.find_marks(pictures, (), names, known) != whole  # it was told so; and nothing breaks
    known["b"] = b"\xc1"
    with pytest.raises(msgspec.MsgspecError):
        watermarks.find_marks(pictures, (), names, known)


def test_large_sets_compare_each_picture_with_fewer() -> None:
    assert [watermarks._reach(n) for n in (3, 100, 500, 1000, 2000, 50_000)] == [80, 80, 80, 40, 20, 20]


def test_the_crop_shows_the_corner() -> None:
    assert corners.corner_box(3, (1280, 640)) == (992, 496, 1280, 640)
    assert corners.corner_box(0, (1280, 640)) == (0, 0, 288, 144)


def _outlined(number: int, ground: str = "white") -> Pillow.Image:
    """A figure on plain ground whose outline reaches the bottom right corner, drawn anew each time."""
    random = np.random.default_rng(number)
    picture = Pillow.new("RGB", (640, 480), ground)
    reach = [int(v) for v in random.integers(-25, 25, 4)]
    box = (150 + reach[0], 60 + reach[1], 600 + reach[2] // 2, 460 + reach[3] // 2)
    ImageDraw.Draw(picture).ellipse(box, fill=tuple(int(v) for v in random.integers(20, 200, 3)))
    return picture


def test_the_outline_of_a_figure_is_no_mark() -> None:
    figures = [_outlined(n) for n in range(12)]
    assert watermarks.find_marks([corners.corners(f) for f in figures]) == []
    font = ImageFont.load_default(22)
    for figure in figures[:5]:
        ImageDraw.Draw(figure).text((505, 445), "M. Ferrand", font=font, fill="black")
    assert watermarks.find_marks([corners.corners(f) for f in figures]) == [(3, [0, 1, 2, 3, 4])]


def test_where_a_cut_out_ends_is_no_edge_and_variants_count_as_one() -> None:
    figure = _outlined(1)
    alpha = figure.convert("L").point(lambda v: 0 if v == 255 else 255)
    assert corners.corners(figure)[3].any()
    assert not corners.corners(figure, alpha)[3].any()
    signed = [corners.corners(_signed(n, "M. Ferrand")) for n in (0, 3, 6)]
    assert watermarks.find_marks(signed, [1, 2, 3]) == [(3, [0, 1, 2])]
    assert watermarks.find_marks(signed, [1, 1, 2]) == []


@pytest.mark.parametrize("size", [(1, 1), (15, 16), (64, 9000), (96, 96), (97, 131), (300, 100), (320, 240)])
@pytest.mark.parametrize("kind", pictures.EXTREMES)
def test_every_measure_is_finite_for_every_picture(kind: str, size: tuple[int, int]) -> None:
    picture, alpha = pictures.extreme(kind, size)
    assert np.isfinite(style.style_descriptor(picture)).all()
    assert corners.corners(picture, alpha).shape == (4, corners.HEIGHT, corners.WIDTH)
    measured = facts.pixel_facts(picture, alpha)
    numbers = (measured.sharpness, measured.contrast, measured.flat, measured.lightness, measured.warmth)
    assert np.isfinite([*numbers, measured.chroma, measured.spread, *measured.border, *measured.colour]).all()


@pytest.mark.parametrize("art", [8, 16, 32])
def test_pixel_art_has_a_style_and_is_not_flat(art: int) -> None:
    picture = pictures.pixel_art(512, art)
    assert style.style_descriptor(picture)
    assert facts.pixel_facts(picture).flat < 0.9


def test_a_word_that_stands_for_an_angle_does_so_where_it_is_all_that_is_said() -> None:
    assert lexicon.meant("angle", "a mill in front of a hill, on its back side, clouds above") == ""
    assert lexicon.meant("angle", "a mill, front") == "front"
    assert lexicon.meant("angle", "a mill, from above") == "from above"
    assert lexicon.counted("angle", "side") == "side"
