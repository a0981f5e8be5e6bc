from __future__ import annotations

import io
import os
import socket
import stat
import struct
import tempfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graders.intake.path_policy import IntakeError, IntakeLimits
from graders.intake.submission import Submission, read_submission
from sanity.core.manifest import Manifest, QuestionLimits

TOY = Manifest("toy", "A toy", ("utils.py",), (), (), limits=QuestionLimits(1, 1))
UTILS = ("utils.py", b"x = 1\n")
SECRET = b"the reference answer"
SECOND_OF_TWO_DISKS = struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 2)  # makes zipfile.is_zipfile raise
DAMAGED = "is a damaged or truncated zip archive; pack it and hand it in again"


def member(name: str, mode: int = 0, **fields: int) -> zipfile.ZipInfo:
    """Return a zip member called exactly name, which the constructor of ZipInfo would change."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def packed(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """Return a zip archive with members in this order, whatever their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in members:
            archive.writestr(member(info) if isinstance(info, str) else info, content)
    return buffer.getvalue()


def take(data: bytes, limits: IntakeLimits | None = None) -> Submission:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hw.zip"
        path.write_bytes(data)
        return read_submission(path, TOY, limits or IntakeLimits())


def refusal(source: bytes | Path, limits: IntakeLimits | None = None) -> str:
    """Return the message with which source is refused, without the name of the submission."""
    with pytest.raises(IntakeError) as error:
        take(source, limits) if isinstance(source, bytes) else read_submission(source, TOY, limits or IntakeLimits())
    name, _, message = str(error.value).partition(": ")
    assert name in ("hw.zip", "hw")
    return message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hw"
    path.mkdir()
    (path / "utils.py").write_bytes(UTILS[1])
    return path


# Names of members


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../x.py", "../x.py leads out of the submission"),
        ("a/../../x.py", "a/../../x.py leads out of the submission"),
        ("a/..", "a/.. leads out of the submission"),
        ("../", "../ leads out of the submission"),
        ("__MACOSX/../../x.py", "__MACOSX/../../x.py leads out of the submission"),
        ("/etc/x.py", "/etc/x.py is an absolute path"),
        ("//host/x.py", "//host/x.py is an absolute path"),
        ("/", "/ is an absolute path"),
        ("C:/x.py", "C:/x.py is an absolute path"),
        ("c:x.py", "c:x.py is an absolute path"),
        ("..\\x.py", "../x.py leads out of the submission"),
        ("a\\..\\..\\x.py", "a/../../x.py leads out of the submission"),
        ("C:\\x.py", "C:/x.py is an absolute path"),
        ("\\\\host\\x.py", "//host/x.py is an absolute path"),
        ("\\x.py", "/x.py is an absolute path"),
        ("utils.py\0.txt", "utils.py%00.txt has a NUL character in its name"),
        ("./x.py", "./x.py has an empty part in its path"),
        ("a//x.py", "a//x.py has an empty part in its path"),
        ("a//", "a// has an empty part in its path"),
    ],
)
def test_unsafe_names_are_refused(name: str, message: str) -> None:
    assert refusal(packed(UTILS, (name, b""))) == f"{message}; pack the files again from their own folder"


def test_a_backslash_is_a_slash() -> None:
    archive = packed(("hw4\\", b""), ("hw4\\utils.py", b"1"), ("hw4\\tools\\__init__.py", b""), ("hw4\\.git\\x", b""))
    assert take(archive).files == {"utils.py": b"1", "tools/__init__.py": b""}


def test_a_backslash_in_the_name_of_a_file_is_a_slash(folder: Path) -> None:
    (folder / "utils.py").rename(folder / "hw4\\utils.py")
    assert read_submission(folder, TOY).files == {"utils.py": UTILS[1]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("CON", "CON is reserved by Windows"),
        ("a/aux.py", "aux.py is reserved by Windows"),
        ("lpt1.tar.gz", "lpt1.tar.gz is reserved by Windows"),
        ("helper.py.", "helper.py. ends in a dot or a space"),
        ("helper.py ", "helper.py  ends in a dot or a space"),
        ("hw./x.py", "hw. ends in a dot or a space"),
        ("n" * 201, "n" * 91 + "~291c4194 is longer than 200 characters"),
    ],
)
def test_names_that_some_system_cannot_store_are_left_out(name: str, message: str) -> None:
    submission = take(packed(UTILS, (name, b"")))
    assert submission.files == {"utils.py": UTILS[1]}
    assert submission.notes == (f"left out: the name {message}; rename it and hand in again",)


def test_many_files_that_cannot_be_taken_are_three_notes_and_a_number() -> None:
    notes = take(packed(UTILS, *[(f"com{i}.txt", b"") for i in range(9)])).notes
    assert len(notes) == 4 and notes[3] == "left out: 6 more that cannot be taken"


@pytest.mark.parametrize(
    "name", ["console.py", "com.py", "a.b.txt", "n" * 200, "C", "12:30.png", "..x", "d/" * 19 + "x"]
)
def test_odd_but_harmless_names_are_not_refused(name: str) -> None:
    assert take(packed(UTILS, (name, b""))).files["utils.py"] == UTILS[1]


def test_too_deep() -> None:
    path = "d/" * 20 + "x"
    message = f"left out: {path} lies more than 20 folders deep; hand in a flat folder"
    assert take(packed(UTILS, (path, b""))).notes == (message,)
    submission = "d/" * 20 + "utils.py"
    assert refusal(packed((submission, b""))) == f"{submission} lies more than 20 folders deep; hand in a flat folder"


def test_a_folder_too_deep(folder: Path) -> None:
    (folder / ("d/" * 200)).mkdir(parents=True)
    message = f"left out: {'d/' * 21} lies more than 20 folders deep; hand in a flat folder"
    assert read_submission(folder, TOY).notes == (message,)


def test_too_many_files(folder: Path) -> None:
    message = "contains more than 3 files and folders; hand in only the files asked for"
    for i in range(3):
        (folder / f"{i}.txt").touch()
        (folder / f"{i}.pyc").touch()
    assert refusal(folder, IntakeLimits(members=3)) == message
    assert read_submission(folder, TOY, IntakeLimits(members=4)).files
    archive = packed(UTILS, *[(f"{i}.txt", b"") for i in range(3)])
    assert refusal(archive, IntakeLimits(members=3)) == "contains more than 3 entries; hand in only the files asked for"
    assert take(archive, IntakeLimits(members=4)).files


def test_a_checkout_with_thousands_of_files_is_taken() -> None:
    submission = take(packed(UTILS, *[(f"data/{i}.txt", b"") for i in range(5000)]))
    assert submission.files == {"utils.py": UTILS[1]}
    assert submission.notes == ("left out: 5000 other files: data/0.txt, data/1.txt, data/10.txt and 4997 more",)


def test_a_directory_of_entries_too_large_to_parse() -> None:
    archive = packed(*[(f"{i}.pyc", b"") for i in range(6)])
    message = "contains more than 5 entries; hand in only the files asked for"
    assert refusal(archive, IntakeLimits(members=5)) == message
    # The count in the header is not believed.
    end = archive.rindex(b"PK\x05\x06")
    lying = archive[: end + 8] + struct.pack("<HH", 1, 1) + archive[end + 12 :]
    assert refusal(lying, IntakeLimits(members=5)) == message


# Two of a name


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("utils.py", "utils.py", "contains utils.py twice; hand in only one"),
        ("utils.py", "Utils.py", "utils.py and Utils.py are the same name on some systems; hand in only one"),
        (
            "hw/utils.py",
            "HW/utils.py",
            "hw/utils.py and HW/utils.py are the same name on some systems; hand in only one",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_of_a_name_are_refused(first: str, second: str, message: str) -> None:
    assert refusal(packed((first, b"1"), (second, b"2"))) == message
    assert refusal(packed((second, b"1"), (first, b"2"))) == message


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("a.pdf", "a.pdf", "contains a.pdf twice; hand in only one"),
        (
            "caf\u00e9.py",
            "cafe\u0301.py",
            "caf\u00e9.py and cafe\u0301.py are the same name on some systems; hand in only one",
        ),
        ("src/a.py", "Src/a.py", "src/a.py and Src/a.py are the same name on some systems; hand in only one"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_of_a_name_that_nobody_asked_for_are_left_out(first: str, second: str, message: str) -> None:
    for members in ((first, b"1"), (second, b"2")), ((second, b"1"), (first, b"2")):
        submission = take(packed(UTILS, *members))
        assert submission.files == {"utils.py": UTILS[1]}
        assert submission.notes == (f"left out: {message}",)


def test_twins_in_a_folder_are_refused(folder: Path) -> None:
    (folder / "Utils.py").touch()
    if len(list(folder.iterdir())) == 1:
        pytest.skip("this file system has no twins")
    message = refusal(folder)
    assert "Utils.py" in message and message.endswith(" are the same name on some systems; hand in only one")


# Links and other things that are no files


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (stat.S_IFLNK, "a link"),
        (stat.S_IFIFO, "a named pipe"),
        (stat.S_IFSOCK, "a socket"),
        (stat.S_IFBLK, "a device"),
        (stat.S_IFCHR, "a device"),
        (stat.S_IFDIR, "a folder"),
        (0o030000, "not a plain file"),
    ],
)
def test_members_that_are_no_files_are_refused(mode: int, kind: str) -> None:
    archive = packed((member("utils.py", mode | 0o644), b"/etc/passwd"))
    assert refusal(archive) == f"utils.py is {kind}; hand in plain files and folders"


def test_a_folder_member_may_not_be_a_link() -> None:
    archive = packed(UTILS, (member("src/", stat.S_IFLNK | 0o777), b"/etc"))
    assert refusal(archive) == "src/ is a link; hand in plain files and folders"


def test_members_written_by_unix_and_windows_are_taken() -> None:
    unix = [(member("hw/", stat.S_IFDIR | 0o755), b""), (member("hw/utils.py", stat.S_IFREG | 0o644), b"1")]
    assert take(packed(*unix)).files == {"utils.py": b"1"}
    assert take(packed((member("utils.py", create_system=0), b"1"))).files == {"utils.py": b"1"}


def mentions(secret: bytes, submission: Submission) -> bool:
    return secret in repr(submission).encode()


def test_a_link_out_of_the_folder_is_never_read(tmp_path: Path, folder: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "utils.py").write_bytes(SECRET)
    (folder / "utils.py").write_bytes(SECRET)
    assert mentions(SECRET, read_submission(folder, TOY))  # a plain copy is seen, so the rest can fail

    (folder / "utils.py").unlink()
    (folder / "utils.py").symlink_to(outside / "utils.py")
    assert refusal(folder) == "utils.py is a link; hand in plain files and folders"
    (folder / "utils.py").unlink()
    (folder / "src").symlink_to(outside)
    assert refusal(folder) == "src is a link; hand in plain files and folders"
    (folder / "src").rename(folder / "venv")  # junk is not looked at, and what it holds stays out
    assert not mentions(SECRET, read_submission(folder, TOY))
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "hw").symlink_to(outside)
    assert refusal(tmp_path / "class" / "hw") == "is a link; give the folder or the zip archive itself"


def test_a_file_that_turns_into_a_link_or_a_pipe_after_listing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"utils.py": folder / "utils.py"}, {}
    monkeypatch.setattr("graders.intake.sources.validate_paths", lambda found, limits: listed)
    (folder / "utils.py").rename(folder / "real.py")
    (folder / "utils.py").symlink_to(folder / "real.py")
    assert refusal(folder) == "cannot be read: Too many levels of symbolic links"
    (folder / "utils.py").unlink()
    os.mkfifo(folder / "utils.py")
    assert refusal(folder) == "utils.py is a named pipe; hand in plain files and folders"


def test_a_pipe_or_socket_in_a_folder_does_not_block(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "helper.py")
    assert refusal(folder) == "helper.py is a named pipe; hand in plain files and folders"
    (folder / "helper.py").unlink()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("helper.py")
        assert refusal(folder) == "helper.py is a socket; hand in plain files and folders"


def test_a_pipe_as_submission_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hw.zip")
    assert refusal(tmp_path / "hw.zip") == "is a named pipe; give the folder or the zip archive itself"


# Formats


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty (0 bytes); hand it in again"),
        (b"Rar!\x1a\x07\x01\x00", "is a RAR archive; hand in a zip archive"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7-Zip archive; hand in a zip archive"),
        (b"\x1f\x8b\x08\x00", "is a gzip archive (.tar.gz); hand in a zip archive"),
        (b"BZh91AY", "is a bzip2 archive; hand in a zip archive"),
        (b"\xfd7zXZ\x00", "is an xz archive; hand in a zip archive"),
        (b"utils.py".ljust(257, b"\0") + b"ustar\0", "is a tar archive; hand in a zip archive"),
        (b"x = 1\n", "is neither a folder nor a zip archive"),
        (b"Rar!\x1a\x07\x01\x00" + packed(UTILS), "is a RAR archive; hand in a zip archive"),
        (packed(UTILS)[:-5], DAMAGED),
        (packed(UTILS)[:40], DAMAGED),
        (b"PK\x03\x04", DAMAGED),
        (packed(UTILS)[:-22] + SECOND_OF_TWO_DISKS + packed(UTILS)[-22:], DAMAGED),
    ],
)
def test_what_is_no_zip_is_named(data: bytes, message: str) -> None:
    assert refusal(data) == message


def test_an_encrypted_archive_is_refused() -> None:
    archive = bytearray(packed(UTILS))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(signature) + flags] |= 1
    assert refusal(bytes(archive)) == "utils.py is encrypted; pack it without a password"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_may_need_any_memory_are_refused(method: int) -> None:
    archive = packed((member("utils.py", compress_type=method), b"x = 1\n"))
    message = "utils.py is not packed by the usual method; pack it as a plain zip archive"
    assert refusal(archive) == message


def test_changed_contents_are_damage() -> None:
    archive = packed((member("utils.py", compress_type=zipfile.ZIP_STORED), b"x = 1\n"))
    assert refusal(archive.replace(b"x = 1", b"x = 2")) == DAMAGED


def test_what_nobody_asked_for_may_be_packed_in_any_way() -> None:
    odd = member("data.bin", compress_type=zipfile.ZIP_LZMA)
    submission = take(packed(UTILS, (odd, b"x")))
    assert submission.files == {"utils.py": UTILS[1]}
    assert submission.notes == ("left out: data.bin is not packed by the usual method; pack it as a plain zip archive",)


def test_stored_and_zip64_archives_are_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("utils.py", "w", force_zip64=True) as stream:
        stream.write(b"x = 1\n")
    assert take(buffer.getvalue()).files == {"utils.py": b"x = 1\n"}


# Sizes


def test_a_file_too_large(folder: Path) -> None:
    message = "utils.py is larger than 1,000,000 bytes; hand in only the files asked for"
    noise = os.urandom(1_000_001)
    stored = member("utils.py", compress_type=zipfile.ZIP_STORED)
    (folder / "utils.py").write_bytes(noise)
    assert refusal(folder) == message
    assert refusal(packed((stored, noise))) == message
    (folder / "utils.py").write_bytes(noise[1:])
    assert read_submission(folder, TOY).files == take(packed((stored, noise[1:]))).files == {"utils.py": noise[1:]}


def test_files_too_large_together(folder: Path) -> None:
    limits = IntakeLimits(file_bytes=60, total_bytes=100)
    message = "its modules have more than 100 bytes together; hand in only the files asked for"
    members = [("utils.py", b"x" * 50), ("helper.py", b"x" * 51)]
    for name, content in members:
        (folder / name).write_bytes(content)
    assert refusal(folder, limits) == message
    assert refusal(packed(*members), limits) == message


def test_an_archive_too_large() -> None:
    message = "the archive is larger than 50 bytes; hand in only the files asked for"
    assert refusal(packed(UTILS), IntakeLimits(archive_bytes=50)) == message


def test_a_bomb_in_one_file() -> None:
    message = "utils.py is larger than 1,000,000 bytes; hand in only the files asked for"
    assert refusal(packed(("utils.py", b"0" * 50_000_000))) == message


def test_a_bomb_in_many_files() -> None:
    message = "unpacks to more than 200 times its size; pack only the files asked for"
    members = [UTILS, *[(f"m{i}.py", b"0" * 1_000_000) for i in range(5)]]
    assert refusal(packed(*members)) == message


def test_a_size_in_the_header_is_not_believed() -> None:
    archive = packed(("utils.py", b"0" * 50_000_000))
    lying = archive.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 10))
    assert lying != archive
    assert refusal(lying) == DAMAGED
    assert refusal(archive.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 999_999_999))).startswith(
        "utils.py is larger than 1,000,000 bytes; "
    )


def test_an_archive_beside_the_files_is_not_opened() -> None:
    inner = packed(("utils.py", b"0" * 50_000_000))
    submission = take(packed(UTILS, ("inner.zip", inner)))
    assert submission.files == {"utils.py": UTILS[1]}
    assert submission.notes == ("left out: 1 other file: inner.zip",)


def test_an_archive_alone_is_opened_once(folder: Path) -> None:
    inner = packed(("hw/utils.py", b"1"), ("hw/helper.py", b"2"))
    (folder / "utils.py").unlink()
    (folder / "report.pdf").touch()
    (folder / "My a4.ZIP").write_bytes(inner)
    for submission in (read_submission(folder, TOY), take(packed(("x/My a4.ZIP", inner), ("report.pdf", b"")))):
        assert submission.files == {"utils.py": b"1", "helper.py": b"2"}
        opened, left_out, unwrapped = submission.notes
        assert opened.startswith("opened ") and opened.endswith("My a4.ZIP")
        assert left_out.startswith("left out: report.pdf: only ") and unwrapped == "unwrapped the folder hw/"
    submission = take(packed(("2.zip", packed(("1.zip", packed(UTILS))))))
    assert submission.files == {}
    assert submission.notes[-1] == "nothing to grade: found only 1.zip"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.zip", b""), ("b.zip", b"")], "which archive counts? Found a.zip, b.zip; hand in one"),
        ([("a.rar", b"Rar!\x1a\x07\x01\x00")], "a.rar is a RAR archive; hand in a zip archive"),
        ([("a.zip", packed(UTILS)[:40])], f"a.zip {DAMAGED}"),
        (
            [("a.zip", packed(("../utils.py", b"")))],
            "a.zip: ../utils.py leads out of the submission; pack the files again from their own folder",
        ),
        (
            [("a.zip", packed((member("utils.py", stat.S_IFLNK), b"")))],
            "a.zip: utils.py is a link; hand in plain files and folders",
        ),
        (
            [("a.zip", packed(("utils.py", b"0" * 50_000_000)))],
            "utils.py is larger than 1,000,000 bytes; hand in only the files asked for",
        ),
    ],
)
def test_an_archive_inside_is_as_safe_as_one_outside(members: list[tuple[str, bytes]], message: str) -> None:
    assert refusal(packed(*members)) == message


# Properties

_nasty = st.lists(
    st.sampled_from(["..", ".", "", "a", "utils.py", "helper.py", "C:", "\\", "\0", "con", "~", " ", "e\u0301.py"])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    min_size=1,
    max_size=5,
)


@given(_nasty.map("/".join) | _nasty.map("".join), st.booleans())
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_any_name_is_refused_or_lands_inside(name: str, alone: bool) -> None:
    try:
        submission = take(packed((name, b"1")) if alone else packed(UTILS, (name, b"1")))
    except IntakeError as error:
        assert str(error).isprintable()
        return
    for path in submission.files:
        for kind in (PurePosixPath, PureWindowsPath):
            assert not kind(path).is_absolute() and not kind(path).drive and ".." not in kind(path).parts
        assert path.endswith(".py") and path.isprintable() and "/" not in path
    assert all(note.isprintable() for note in submission.notes)


_SOUND = packed((member("hw/"), b""), ("hw/utils.py", b"x = 1\n" * 20), ("hw/helper.py", b"y = 2\n"))


@given(st.lists(st.tuples(st.integers(0, len(_SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_damaged_archive_is_refused_in_one_line_or_read(changes: list[tuple[int, int]]) -> None:
    archive = bytearray(_SOUND)
    for place, value in changes:
        archive[place] = value
    try:
        submission = take(bytes(archive))
    except IntakeError as error:
        assert str(error).isprintable()
    else:
        assert all("/" not in path for path in submission.files)


@given(st.binary(max_size=200), st.integers(0, len(_SOUND)))
def test_any_bytes_are_refused_in_one_line_or_read(noise: bytes, cut: int) -> None:
    for data in (noise, _SOUND[:cut] + noise, noise + _SOUND[cut:]):
        try:
            take(data)
        except IntakeError as error:
            assert str(error).isprintable()
