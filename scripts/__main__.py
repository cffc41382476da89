"""``python -m scripts`` is ``equispike``."""

from scripts.cli import main

if __name__ == "__main__":
    main()
