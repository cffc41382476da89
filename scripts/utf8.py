"""Files are UTF-8 in every locale: ours, Brian2's, and what people write for us."""

from __future__ import annotations

import locale
import os
import sys


def begin_in_utf8() -> None:
    """Begin this process anew in Python's UTF-8 mode where the locale has another encoding, which output keeps."""
    if sys.flags.utf8_mode or locale.getencoding().lower().replace("-", "") == "utf8" or not sys.executable:
        return
    os.environ.setdefault("PYTHONIOENCODING", f"{getattr(sys.stdout, 'encoding', 'ascii')}:replace")
    os.environ["PYTHONUTF8"] = "1"  # of processes that this one starts, too
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
