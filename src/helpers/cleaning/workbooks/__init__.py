"""Files an office sends, as sheets of cells: every format and every old way of writing, and no opinion on meaning."""
