"""Events at rest: one Delta table that any tool can read, the writer that fills it, identity."""
