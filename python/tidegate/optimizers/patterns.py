"""Regular expressions in files: a file may be hostile, and an expression can take years to find no match."""

from __future__ import annotations

import re
from typing import Any


def pattern_of_file(pattern: Any, owner: str) -> str:
    """The pattern; ValueError where it could take long on a path: groups that are repeated, or more than
    three repetitions.
    """
    if (
        not isinstance(pattern, str)
        or len(pattern) > 1000
        or re.search(r"\)[*+{]", pattern)
        or sum(map(pattern.count, "*+{")) > 3
    ):
        raise ValueError(
            f"{owner}: a pattern in a file expected at most three repetitions, and none of a group; "
            f"received {pattern!r:.100}"
        )
    return pattern
