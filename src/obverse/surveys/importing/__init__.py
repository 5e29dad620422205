"""Past surveys: files of answers that were given elsewhere become a survey and its answers.

`sheet` reads a file into columns of text, whatever its kind; `mapping` says what each column is, `guessing`
fills in what was not said; `answers` turns cells into answers; `planning` puts a survey and rows together,
and `running` brings them in the way of `obverse.collect.importing`: once, whoever holds the data folder.
"""
