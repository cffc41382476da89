"""How networks are trained, and what trained networks answer."""
