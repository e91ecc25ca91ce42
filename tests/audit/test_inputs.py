"""Files, folders and pipes, packed or not, are read to the last byte that can be read, and cut where no token is."""

from __future__ import annotations

import gzip
import io
import os

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.audit import inputs, packing, scan
from app.audit.inputs import Piece, Source, Unread
from tests.audit import logs

TOKEN = logs.token()
TEXT = "".join(f"line {number} Bearer {logs.token(jti=str(number))} end\n" for number in range(40)).encode()


def all_of(paths, stdin=None):
    unread: list[Unread] = []
    pieces = list(inputs.all_pieces(inputs.walk(map(str, paths)), stdin, unread.append))
    return pieces, unread


def whole(pieces):
    return b"".join(piece.data for piece in pieces)


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda data: data, id="plain"),
        pytest.param(gzip.compress, id="gz"),
        pytest.param(lambda data: gzip.compress(data[:100]) + gzip.compress(data[100:]) + b"\0" * 512, id="gz of two members, padded"),
        pytest.param(zstandard.ZstdCompressor().compress, id="zst"),
        pytest.param(
            lambda data: zstandard.ZstdCompressor().compress(data[:100]) + zstandard.ZstdCompressor().compress(data[100:]),
            id="zst of two frames",
        ),
        pytest.param(
            lambda data: b"\x50\x2a\x4d\x18\x04\0\0\0size" + zstandard.ZstdCompressor().compress(data), id="zst behind a frame to skip"
        ),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
    ],
)
def test_what_is_packed_is_read_as_what_is_plain(tmp_path, pack):
    path = tmp_path / "any.name"
    path.write_bytes(pack(TEXT))
    pieces, unread = all_of([path])
    assert whole(pieces) == TEXT
    assert not unread
    assert pieces[-1].done == path.stat().st_size


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        pytest.param(gzip.compress(TEXT)[:-30], "its gz breaks off", id="gz cut"),
        pytest.param(gzip.compress(TEXT)[:-8] + b"\0" * 8, "its gz is damaged", id="gz with a wrong sum"),
        pytest.param(gzip.compress(TEXT) + b"rest", "its gz is damaged", id="gz and something else"),
        pytest.param(zstandard.ZstdCompressor().compress(os.urandom(300_000))[:-9], "its zst breaks off", id="zst cut"),
        pytest.param(b"\x28\xb5\x2f\xfd" + b"\xff" * 99, "its zst is damaged", id="zst of nonsense"),
        pytest.param(b"PK\x03\x04" + b"x" * 99, "it is packed as zip, which is not opened", id="zip"),
        pytest.param(b"\xfd7zXZ\0" + b"x" * 99, "it is packed as xz, which is not opened", id="xz"),
        pytest.param(b"\x04\x22\x4d\x18" + b"x" * 99, "it is packed as lz4, which is not opened", id="lz4"),
    ],
)
def test_what_is_broken_is_told_and_the_others_are_read(tmp_path, broken, why):
    (tmp_path / "a").write_bytes(broken)
    (tmp_path / "b").write_bytes(TEXT)
    pieces, unread = all_of([tmp_path])
    assert [one.name for one in unread] == [str(tmp_path / "a")]
    assert unread[0].why.startswith(why)
    assert whole(piece for piece in pieces if piece.name.endswith("b")) == TEXT


def test_what_stands_before_a_break_is_read(tmp_path):
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT)[:-4])
    pieces, unread = all_of([tmp_path])
    assert whole(pieces) == TEXT
    assert len(unread) == 1


def test_a_bomb_is_unpacked_a_block_at_a_time():
    for bomb in (gzip.compress(bytes(200_000_000)), zstandard.ZstdCompressor().compress(bytes(200_000_000))):
        sizes = [len(block) for block in packing.blocks(io.BytesIO(bomb), 2**20)[0]]
        assert sum(sizes) == 200_000_000
        assert max(sizes) <= 40 * 2**20


def test_folders_are_read_to_their_depth_in_order_and_without_pipes_and_own_reports(tmp_path):
    for name in ("b/two", "a/one", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(TEXT)
    os.mkfifo(tmp_path / "pipe")
    report = tmp_path / "report.html"
    report.write_text("mine")
    (tmp_path / "mine").symlink_to(report)
    found = inputs.walk([str(tmp_path)], [report])
    assert [os.path.relpath(one.name, tmp_path) for one in found] == ["c", "a/one", "b/two"]


def test_a_file_is_read_once_by_whatever_names_and_links_it_is_reached(tmp_path):
    """As /var/log/containers has nothing but links, and a folder that is linked into itself has no end."""
    (tmp_path / "pods").mkdir()
    (tmp_path / "pods" / "0.log").write_bytes(TEXT)
    os.link(tmp_path / "pods" / "0.log", tmp_path / "pods" / "same.log")
    containers = tmp_path / "containers"
    containers.mkdir()
    (containers / "web.log").symlink_to("../pods/0.log")
    (containers / "gone.log").symlink_to("nowhere")
    (containers / "loop").symlink_to(tmp_path)
    assert [one.name for one in inputs.walk([str(containers)])] == [str(containers / "web.log")]
    assert [one.name for one in inputs.walk([str(tmp_path), str(tmp_path / "pods/0.log")])] == [str(containers / "web.log")]


def test_a_pipe_is_read_to_its_end():
    pieces, unread = all_of(["-"], io.BytesIO(TEXT))
    assert (whole(pieces), unread, pieces[0].name) == (TEXT, [], "-")


def test_what_is_not_there_is_told_by_its_number_and_never_by_what_was_written():
    assert list(inputs.walk([TOKEN])) == [Unread("argument 1", "it does not exist")]
    assert list(inputs.walk(["x" * 5000])) == [Unread("argument 1", "it cannot be read")]


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError

    (tmp_path / "a").write_bytes(TEXT)
    monkeypatch.setattr("pathlib.Path.open", refuse)  # root, who may run the tests, may read everything
    _, unread = all_of([tmp_path])
    assert unread[0].why == "it may not be read"


@given(st.integers(60, 3000), st.sampled_from([b"\n", b" ", b'"', b"&"]), st.integers(1, 40))
def test_no_token_is_cut_wherever_the_pieces_end(size, separator, count):
    text = separator.join([b"x", *(logs.token(jti=str(number)).encode() for number in range(count)), b""])
    blocks = (text[at : at + size] for at in range(0, len(text), size))
    pieces = [one for one in inputs._cut("a", blocks, lambda: 0) if isinstance(one, Piece)]
    assert whole(pieces) == text
    spots = [(piece.offset + spot.start, spot.token) for piece in pieces for spot in scan.spots(piece.data)]
    assert spots == [(spot.start, spot.token) for spot in scan.spots(text)]
    assert [piece.line for piece in pieces] == [text.count(b"\n", 0, piece.offset) + 1 for piece in pieces]


def test_a_run_without_an_end_is_cut_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(inputs, "_LONGEST_RUN", 1000)
    pieces = [one for one in inputs._cut("a", iter([b"a" * 400] * 20), lambda: 0) if isinstance(one, Piece)]
    assert whole(pieces) == b"a" * 8000
    assert max(len(piece.data) for piece in pieces) <= 1400


def test_a_piece_of_a_plain_file_is_read_again_where_it_is_judged_and_only_from_the_same_file(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(TEXT)
    (piece,), _ = all_of([path])
    assert piece.light().data == b""
    assert piece.light().content() == piece.content() == TEXT
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(TEXT)
    with pytest.raises(FileNotFoundError):
        piece.light().content()
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT))
    (packed,), _ = all_of([tmp_path / "a.gz"])
    assert packed.light().data == TEXT


def test_a_source_knows_its_size_for_the_bar(tmp_path):
    (tmp_path / "a").write_bytes(TEXT)
    assert list(inputs.walk([str(tmp_path / "a")])) == [Source(str(tmp_path / "a"), tmp_path / "a", len(TEXT))]
