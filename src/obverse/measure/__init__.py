"""One file a measure: its question, scan, summary and answer."""
