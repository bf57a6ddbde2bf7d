"""get_file and the small datasets: nothing from a network, nothing called by a file; Keras's figures."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidegate
from tidegate import datasets, utils

FIGURES = json.loads((Path(__file__).parent.parent / "data" / "keras_utils.json").read_text())["datasets"]
REVIEWS = FIGURES["reviews"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; gives the folder of datasets."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "datasets"
    folder.mkdir(parents=True)
    return folder


# ---- get_file --------------------------------------------------------------------------------------


def test_a_file_that_is_there(cache: Path) -> None:
    (cache / "a.txt").write_text("hello")
    digests = {name: hashlib.new(name, b"hello").hexdigest() for name in ("md5", "sha256")}
    origin = "https://example.com/files/a.txt"
    assert utils.get_file(origin=origin) == str(cache / "a.txt")
    assert utils.get_file("a.txt", origin, file_hash=digests["sha256"]) == str(cache / "a.txt")
    assert utils.get_file("a.txt", origin, file_hash=digests["md5"].upper()) == str(cache / "a.txt")
    assert utils.get_file("a.txt", origin, md5_hash=digests["md5"]) == str(cache / "a.txt")
    with pytest.raises(ValueError, match=r"a\.txt is another file than https.*its hash is not 00"):
        utils.get_file("a.txt", origin, file_hash="00")
    with pytest.raises(ValueError, match="`hash_algorithm` expected"):
        utils.get_file("a.txt", origin, file_hash="00", hash_algorithm="crc")


def test_a_file_that_is_not_there(cache: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"put the file of https://x\.org/b\.txt at {cache}/c\.txt"):
        utils.get_file("c.txt", "https://x.org/b.txt")


def test_a_file_of_this_machine(cache: Path, tmp_path: Path) -> None:
    source = tmp_path / "with space.txt"
    source.write_text("one")
    path = utils.get_file(origin=source.as_uri(), fname="x.txt", cache_subdir="more")
    assert path == str(cache.parent / "more" / "x.txt")
    assert Path(path).read_text() == "one"
    source.write_text("two")
    assert Path(utils.get_file("x.txt", source.as_uri(), cache_subdir="more")).read_text() == "one"
    digest = hashlib.sha256(b"two").hexdigest()
    again = utils.get_file("x.txt", source.as_uri(), cache_subdir="more", file_hash=digest)
    assert Path(again).read_text() == "two"
    source.write_text("three")
    again = utils.get_file("x.txt", source.as_uri(), cache_subdir="more", force_download=True)
    assert Path(again).read_text() == "three"
    other = utils.get_file("x.txt", source.as_uri(), cache_dir=tmp_path / "other", cache_subdir="d")
    assert other == str(tmp_path / "other" / "d" / "x.txt")


def tar(path: Path, name: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 2
        archive.addfile(member, io.BytesIO(b"hi"))


def zipped(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "hi")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_archives(tmp_path: Path, cache: Path, pack: Any) -> None:
    source = tmp_path / "data.bin"
    pack(source, "inner/a.txt")
    for arguments, folder in (({}, "data.bin"), ({"fname": "d"}, "d"), ({"fname": "d.x.y"}, "d_extracted")):
        path = utils.get_file(origin=source.as_uri(), extract=True, **arguments)
        assert path == str(cache / folder)
        assert (Path(path) / "inner" / "a.txt").read_text() == "hi"
    other = "zip" if pack is tar else "tar"
    with pytest.raises(ValueError, match=f"no archive of the format '{other}'"):
        utils.get_file("e", source.as_uri(), extract=True, archive_format=other)


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("name", ["../evil", "a/../../evil"])
def test_archives_that_reach_outside(tmp_path: Path, pack: Any, name: str) -> None:
    source = tmp_path / "data.bin"
    pack(source, name)
    with pytest.raises(ValueError, match="cannot be extracted"):
        utils.get_file("d", source.as_uri(), extract=True)
    assert not list(tmp_path.rglob("evil"))


def test_archives_with_links_that_lead_outside(tmp_path: Path) -> None:
    source = tmp_path / "data.tar"
    with tarfile.open(source, "w") as archive:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = tarfile.SYMTYPE, "../../../evil"
        archive.addfile(member)
    with pytest.raises(ValueError, match="cannot be extracted"):
        utils.get_file("d", source.as_uri(), untar=True)
    zipped(tmp_path / "data.zip", "/evil-of-tests")
    with pytest.raises(ValueError, match="would be outside"):
        utils.get_file("e", (tmp_path / "data.zip").as_uri(), extract=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fname": "a"}, "`origin` expected a URL; received None"),
        ({"origin": "https://x.org"}, "`fname` expected the name of a file; received ''"),
        ({"fname": "../a", "origin": "https://x.org/b"}, r"`fname` expected .* received '\.\./a'"),
    ],
)
def test_get_file_of_bad_input(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        utils.get_file(**arguments)


# ---- datasets --------------------------------------------------------------------------------------


def objects(texts: list[list[int]]) -> Any:
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def write(cache: Path, name: str) -> None:
    if name == "imdb":
        arrays = {
            "x_train": objects(REVIEWS[:5]), "y_train": np.arange(5),
            "x_test": objects(REVIEWS[5:]), "y_test": np.arange(3),
        }  # fmt: skip
    elif name == "reuters":
        arrays = {"x": objects(REVIEWS), "y": np.arange(8)}
    else:
        arrays = {"x": np.arange(20.0).reshape(10, 2), "y": np.arange(10.0)}
    np.savez(cache / f"{name}.npz", **arrays)


@pytest.mark.parametrize("name", ["imdb", "reuters", "boston_housing", "california_housing"])
def test_datasets_of_keras(cache: Path, name: str) -> None:
    write(cache, name)
    for figure in FIGURES[name]:
        found = getattr(datasets, name).load_data(**figure["options"])
        assert [[x.tolist(), y.tolist()] for x, y in found] == figure["found"], figure["options"]


def test_digits(cache: Path, tmp_path: Path) -> None:
    x, y = np.arange(12, dtype=np.uint8).reshape(3, 2, 2), np.arange(3, dtype=np.uint8)
    np.savez_compressed(tmp_path / "mine.npz", x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    found = datasets.mnist.load_data(tmp_path / "mine.npz")
    np.testing.assert_array_equal(found[0][0], x)
    np.testing.assert_array_equal(found[1][1], y[:1])
    assert found[0][0].dtype == np.uint8


def test_reviews_of_few_words_go_into_a_model(cache: Path) -> None:
    write(cache, "imdb")
    (x, y), _ = datasets.imdb.load_data(num_words=20)
    assert utils.pad_sequences(x, maxlen=6).shape == (5, 6)
    assert y.dtype == np.int64


def test_word_indices(cache: Path) -> None:
    (cache / "imdb_word_index.json").write_text('{"the": 1, "und\\u00e9": 2}')
    assert datasets.imdb.get_word_index() == {"the": 1, "undé": 2}
    with pytest.raises(FileNotFoundError, match=rf"reuters_word_index\.json at {cache}"):
        datasets.reuters.get_word_index()


@pytest.mark.parametrize("name", ["imdb", "reuters", "mnist", "boston_housing", "california_housing"])
def test_files_that_are_not_there(cache: Path, name: str) -> None:
    with pytest.raises(
        FileNotFoundError, match=rf"put the file of https.*{name}\.npz at {cache}/{name}\.npz"
    ):
        getattr(datasets, name).load_data()


class Calls:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("evil"),))


HOSTILE = {
    "a call": Calls(),
    "a list with a call": [[1], Calls()],
    "texts": ["a", "b"],
    "lists of lists": [[[1]], [[2]]],
    "floats": [[1.5]],
    "another length": [[1]] * 3,
    "a dictionary": {1: 2},
    "an array of numbers": np.arange(2),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_files_that_hold_something_else(
    cache: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (2,)})
    with zipfile.ZipFile(cache / "reuters.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + pickle.dumps(HOSTILE[what]))
    with pytest.raises(ValueError, match=r"not the arrays \('x', 'y'\)"):
        datasets.reuters.load_data()
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 100])
def test_damaged_files(cache: Path, content: bytes) -> None:
    (cache / "mnist.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"mnist\.npz: not the arrays"):
        datasets.mnist.load_data()


def test_every_damaged_byte_of_a_dataset_is_an_error_or_harmless(cache: Path) -> None:
    write(cache, "imdb")
    with zipfile.ZipFile(cache / "imdb.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(cache / "imdb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    data, rng = (cache / "imdb.npz").read_bytes(), np.random.default_rng(0)
    refused = 0
    for place in rng.integers(len(data), size=300):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        (cache / "imdb.npz").write_bytes(damaged)
        try:
            datasets.imdb.load_data()
        except ValueError:
            refused += 1
    assert refused > 100


def test_arguments_of_datasets(cache: Path) -> None:
    for name in ("imdb", "boston_housing", "california_housing"):
        write(cache, name)
    with pytest.raises(ValueError, match="`maxlen` = 1 leaves no text"):
        datasets.imdb.load_data(maxlen=1)
    with pytest.raises(ValueError, match="`test_split` must be at least 0 and below 1; received 1"):
        datasets.boston_housing.load_data(test_split=1)
    with pytest.raises(ValueError, match="`version` expected 'large' or 'small'"):
        datasets.california_housing.load_data("huge")
    with pytest.raises(AttributeError, match="cifar10 is not offered"):
        tidegate.datasets.cifar10  # noqa: B018


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_an_archive_that_ends_too_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    source = tmp_path / "data.tar"
    with tarfile.open(source, mode) as archive:
        info = tarfile.TarInfo("numbers")
        info.size = 100_000
        archive.addfile(info, io.BytesIO(np.random.default_rng(0).bytes(info.size)))
    source.write_bytes(source.read_bytes()[:50_000])
    with pytest.raises(ValueError, match=r"cannot be extracted|is no archive"):
        utils.get_file("d", source.as_uri(), extract=True)
