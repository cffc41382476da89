"""``python -m equispike`` is ``equispike``."""

from equispike.scripts.cli import main

main()
