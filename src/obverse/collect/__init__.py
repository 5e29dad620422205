"""From a client's request to a durable batch: protocols, limits, the inbox, file import."""
