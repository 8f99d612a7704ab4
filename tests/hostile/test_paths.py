"""Every name of a file that data brings is judged before it is used, by the rules of Windows as well."""

from pathlib import PureWindowsPath

import pytest

from loraprep.core import paths

ANYWHERE = ["", "/", ".", "..", "../x", "a/../../x", "/etc/passwd", "a\0b"]
WINDOWS = ["C:\\x", "C:x", "\\x", "..\\x", "a\\..\\..\\x", "\\\\server\\share\\x", "\\\\?\\C:\\x", "//server/share/x", "CON", "nul.txt",
           "a/aux/b.png", "COM1.png", "lpt9", "com¹", "con .txt", "a.", "a ", "a/b./c", "pier.png:stream", "a<b", "a|b", "a?b", "a\nb"]  # fmt: skip
FINE = ["a.png", "10_mystyle/pier.png", "masks/10_mystyle/pier.png", "a/..b/c", "...", "console.png", "nul-point.png"]


@pytest.mark.parametrize("name", ANYWHERE)
@pytest.mark.parametrize("windows", [False, True])
def test_a_name_that_leads_out_is_none(name: str, windows: bool) -> None:
    assert paths.fault(name, windows=windows)


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_has_more_ways_out_and_names_for_devices(name: str) -> None:
    assert paths.fault(name, windows=True)


@pytest.mark.parametrize("name", FINE)
def test_other_names_are_fine(name: str) -> None:
    assert not paths.fault(name)
    if name != "...":
        assert not paths.fault(name, windows=True)


def test_a_folder_on_another_drive_or_in_other_letters() -> None:
    home = PureWindowsPath("C:/Users/me/mystyle")
    assert paths.inside(PureWindowsPath("c:/users/ME/mystyle/images/pier.jpg"), [home])
    for other in ("D:/Users/me/mystyle/a.jpg", "C:/Users/me/mystyle2/a.jpg", "//server/c/mystyle/a.jpg", "C:/Users/me"):
        assert not paths.inside(PureWindowsPath(other), [home])


def test_a_path_is_taken_however_long_it_is() -> None:
    long = "x" * 120
    assert str(paths.spelled(PureWindowsPath(f"C:/{long}/{long}/{long}"))) == f"\\\\?\\C:\\{long}\\{long}\\{long}"
    assert (
        str(paths.spelled(PureWindowsPath(f"//server/art/{long}/{long}"))) == f"\\\\?\\UNC\\server\\art\\{long}\\{long}"
    )
    assert str(paths.spelled(PureWindowsPath("C:/short"))) == "C:\\short"


@pytest.mark.parametrize(
    ("path", "seen"),
    [("a/b.jpg", True), (".env", False), ("a/.git/config", False), (".git/annex/objects/a/b/k/k", True),
     (".git/annex/objects/.x", False), (".dvc/cache/files/md5/a", True), (".dvc/config.local", False), (".ssh/annex/objects/a", False)],
)  # fmt: skip
def test_hidden_folders_hold_no_pictures_but_for_those_that_keep_them(path: str, seen: bool) -> None:
    for kind in (PureWindowsPath, PureWindowsPath):
        assert paths.shown(kind("C:/art") / path, kind("C:/art")) is seen
