"""The server: ingest routes, the JSON API, pages, log-in."""
