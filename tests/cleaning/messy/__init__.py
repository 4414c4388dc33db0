"""An office that is handed the truth, and sends it in some shape and with some of the messes that offices make.

`study` draws the truth, `shapes` lays it out as tables, `spellings` writes single cells, `sheets` puts tables on sheets
with titles and footers, `files` saves them, `office` draws one combination of all of it.
"""
