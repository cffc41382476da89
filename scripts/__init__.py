"""How a person or a scheduler asks: the ``equispike`` command line."""
