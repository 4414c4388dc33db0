"""Which period a text, a date or a number names."""
