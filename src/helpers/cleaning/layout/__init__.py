"""What the cells of a sheet mean: its tables, their headings and rows, and where each figure goes."""
