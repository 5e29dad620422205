"""Bring in answers to past surveys: upload a file, see what its columns are taken for, change that, import.

`page` has the handlers, `form` reads and writes the mapping as fields of a form. The file waits in the data
folder (`obverse.surveys.importing.uploads`); the mapping travels in the form, so nothing else is kept.
"""
