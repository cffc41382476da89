"""Studies of one system each, behind figures in the documents; nothing else uses them."""
