"""How votes are counted: pure Python on exact integers and fractions, no database, no clock, no chance.

The same ballots, options and tie-break order give the same result for as long as `ENGINE` stands. Anything that changes a
result of any input raises it, and is told in docs/users/counting.md.
"""

from __future__ import annotations

ENGINE = "1"
"""Version of the counting rules; stored with every result."""
