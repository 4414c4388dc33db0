"""Long-form files: one row a figure, read batch by batch within bounded memory."""
