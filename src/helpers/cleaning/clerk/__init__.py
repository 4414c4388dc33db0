"""What a clerk is shown and given: how a file is read, what is wrong with it, and a form that raises no question."""
