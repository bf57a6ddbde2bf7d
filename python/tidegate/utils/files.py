"""Files in the cache of Keras. Nothing is loaded from a network: who wants a file there puts it there."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from typing import Any
from urllib.parse import unquote, urlsplit

from tidegate.saving.replacing import replacing

# What modules raise on an archive that is damaged, or needs a password.
_DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)


def cache_folder(cache_subdir: str = "datasets", cache_dir: Any = None) -> str:
    """Where Keras keeps files: below `$KERAS_HOME`, or `~/.keras`."""
    home = cache_dir or os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    return os.path.join(os.path.expanduser(os.fspath(home)), cache_subdir)


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file in the cache, or of the folder that an archive was extracted into.

    Args:
        fname: its name there; that of `origin` by default.
        origin: where it comes from. A `file://` one is copied; of others the file must be there already.
        untar: as `extract`, of a tar archive.
        md5_hash: as `file_hash`, by MD5.
        file_hash: what the file must have, SHA-256 or MD5 in hexadecimal digits.
        cache_subdir: the folder, below `cache_dir` or in itself.
        hash_algorithm: "sha256", "md5", or "auto" for the one that has so many digits.
        extract: whether the file is an archive to be extracted.
        archive_format: "tar", "zip", "auto" for both, None for neither, or a list.
        cache_dir: in the place of `$KERAS_HOME` or `~/.keras`.
        force_download: whether a file of a `file://` origin is copied anew.

    Raises:
        FileNotFoundError: the file is not there; the message says where to put it.
        ValueError: a wrong argument, another hash, or an archive with members outside of its folder.
    """
    if not isinstance(origin, str):
        raise ValueError(f"get_file: argument `origin` expected a URL; received {origin!r}")
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or os.path.basename(name) != name or name in (".", ".."):
        raise ValueError(f"get_file: argument `fname` expected the name of a file; received {name!r}")
    folder = cache_folder(cache_subdir, cache_dir)
    target, extracted = os.path.join(folder, name), ""
    if extract or untar:
        stem, _, ending = name.partition(".")
        named = bool(fname and ending)
        extracted = os.path.join(folder, f"{stem}_extracted" if named else name)
        target = target if named else f"{target}_archive"
    expected, algorithm = (md5_hash, "md5") if file_hash is None else (file_hash, hash_algorithm)
    fits = os.path.isfile(target) and _has(target, expected, algorithm)
    if urlsplit(origin).scheme == "file" and (force_download or not fits):
        os.makedirs(folder, exist_ok=True)
        with open(unquote(urlsplit(origin).path), "rb") as source, replacing(target) as copy:
            shutil.copyfileobj(source, copy)
        fits = _has(target, expected, algorithm)
    if not os.path.isfile(target):
        raise FileNotFoundError(
            f"get_file loads nothing from a network: put the file of {origin} at {target}"
        )
    if not fits:
        raise ValueError(f"get_file: {target} is another file than {origin}: its hash is not {expected}")
    if extracted:
        _extract(target, extracted, "tar" if untar else archive_format)
    return extracted or target


def _has(path: str, expected: str | None, algorithm: str) -> bool:
    """Whether a file has this hash, or none is expected."""
    if expected is None:
        return True
    if algorithm not in ("auto", "md5", "sha256"):
        raise ValueError(
            f"get_file: argument `hash_algorithm` expected 'auto', 'md5' or 'sha256'; received {algorithm!r}"
        )
    by_md5 = algorithm == "md5" or (algorithm == "auto" and len(expected) != 64)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5" if by_md5 else "sha256").hexdigest() == expected.lower()


def _extract(path: str, folder: str, formats: Any) -> None:
    """All of an archive or, where a member would land outside of the folder, nothing."""
    wanted = (
        ("tar", "zip") if formats == "auto" else (formats,) if isinstance(formats, str) else formats or ()
    )
    try:
        if "tar" in wanted and tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                for member in tar:
                    tarfile.data_filter(member, folder)
                tar.extractall(folder, filter="data")
            return
        if "zip" in wanted and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                _check_names(archive.namelist(), folder)
                archive.extractall(folder)
            return
    except _DAMAGED as error:
        raise ValueError(f"get_file: {path} cannot be extracted: {error}") from error
    raise ValueError(f"get_file: {path} is no archive of the format {formats!r}")


def _check_names(names: list[str], folder: str) -> None:
    root = os.path.realpath(folder)
    for name in names:
        place = os.path.realpath(os.path.join(root, name))
        if os.path.commonpath([root, place]) != root:
            raise zipfile.BadZipFile(f"{name!r} would be outside of the folder")
