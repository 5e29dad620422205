"""Side-by-side benchmarks: `make bench` runs each job of Obverse and of a named peer on the same events."""
