"""What tests of the command line share."""

#: The structure that test_training shares.
CPP = ("train", "diehl-cook", "--set", "n_exc=16", "--chunk-images", 20, "--backend", "cpp")


class Outcome:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def sentence(self) -> str:
        """The one sentence of a refusal."""
        assert self.code == 2, f"exit code {self.code}: {self.err}"
        errors = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1 and self.err.rstrip().endswith(errors[0]), self.err
        assert "Traceback" not in self.err + self.out
        return errors[0]
