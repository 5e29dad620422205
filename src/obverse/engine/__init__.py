"""Where a measure runs: on this machine's threads (local)."""
