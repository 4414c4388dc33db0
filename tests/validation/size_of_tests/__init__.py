"""The size study by what it is about: cells, draws, measures, running, judging and the report."""
