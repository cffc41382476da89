"""GeNN, through Brian2GeNN in an environment of its own."""
