"""Analysis: from run folders to numbers and figures. Reads what a run left behind and never simulates."""
