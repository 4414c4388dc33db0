"""Refusal of person-level content: ward totals may enter this project, people may not."""
