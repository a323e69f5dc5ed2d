"""Which input columns each output column of a query comes from: one walk over the syntax tree."""
