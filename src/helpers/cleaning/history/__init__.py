"""What happens to figures over time: corrections, releases, running sums, breaks and mergers."""
