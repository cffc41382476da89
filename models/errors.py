"""The one family of errors that a person can cause and mend."""


class EquispikeError(Exception):
    """One sentence that says what is wrong and what to do; the command line prints it and exits with 2."""
