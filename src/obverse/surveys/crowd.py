"""Crowd: how many different people came, counted in 2 KiB, whoever comes how often.

A HyperLogLog whose count is kept as it goes (Cohen, "All-Distances Sketches, Revisited", 2015: the historic
inverse probability estimator; Ting, "Streamed Approximate Counting of Distinct Elements", 2014). Somebody new
changes a register with probability p, so each change stands for 1 / p people. The count is unbiased, its
relative standard error about 0.83 / √2048 = 1.8 %.
"""

from __future__ import annotations

from hashlib import blake2b

N_REGISTERS = 2048
_BITS = N_REGISTERS.bit_length() - 1
_LONGEST = 64 - _BITS


class Crowd:
    """Counts different people.

    Args:
        registers: as `registers` was; nobody yet where empty.
        n: as it was counted with those.
    """

    def __init__(self, registers: bytes = b"", n: float = 0.0) -> None:
        self.registers = bytearray(registers or N_REGISTERS)
        self.n = n
        self._changes = sum(2.0**-one for one in self.registers) / N_REGISTERS

    def add(self, person: int) -> bool:
        """Count a person; tell whether that changed anything."""
        drawn = int.from_bytes(blake2b(b"%d" % person, digest_size=8).digest(), "big")
        at, rest = drawn & (N_REGISTERS - 1), drawn >> _BITS
        length = (rest & -rest).bit_length() or _LONGEST
        if length <= self.registers[at]:
            return False
        self.n += 1 / self._changes
        self._changes -= (2.0 ** -self.registers[at] - 2.0**-length) / N_REGISTERS
        self.registers[at] = length
        return True
