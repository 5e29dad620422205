"""Surveys over HTTP: who is asked what, forms, and the answers to them."""
