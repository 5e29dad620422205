"""Obverse: experience analytics on one timeline."""
