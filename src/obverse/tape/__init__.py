"""Sorted arrays of the events that questions name, decoded once from the lake and kept."""
