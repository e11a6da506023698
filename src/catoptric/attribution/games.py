"""Players and coalitions: which knobs stand at their deployed value in which cell."""

from __future__ import annotations

from dataclasses import dataclass

from catoptric.errors import InputError

#: Up to here every coalition is drawn and shares are exact; above it permutations are sampled.
MAX_EXACT_PLAYERS = 8


@dataclass(frozen=True)
class Game:
    """The players of one attribution and the order of its cells.

    A coalition is an integer mask: bit k set means player k is at its deployed value.  Cell 0 is
    the reference, cell 2^K - 1 the deployed interface, and the cells stand in counting order.

    Args:
        players: names, all different; player k owns bit k.

    Raises:
        InputError: two players share a name, or a name is empty.
    """

    players: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.players)) != len(self.players) or not all(self.players):
            raise InputError(f"players need different, non-empty names, got {self.players!r}")

    @property
    def n_players(self) -> int:
        return len(self.players)

    @property
    def n_cells(self) -> int:
        return 1 << self.n_players

    @property
    def reference(self) -> int:
        """The coalition with every player at its reference value."""
        return 0

    @property
    def deployed(self) -> int:
        """The coalition with every player at its deployed value."""
        return self.n_cells - 1

    def coalitions(self) -> range:
        """All coalitions in cell order, 0 .. 2^K - 1."""
        return range(self.n_cells)

    def members(self, coalition: int) -> tuple[str, ...]:
        """The names of the players that stand at their deployed value in `coalition`."""
        if not 0 <= coalition < self.n_cells:
            raise InputError(f"coalition {coalition} is outside 0..{self.n_cells - 1}")
        return tuple(name for k, name in enumerate(self.players) if coalition >> k & 1)

    def coalition(self, members: tuple[str, ...]) -> int:
        """The mask of a set of player names; the inverse of `members`."""
        mask = 0
        for name in members:
            if name not in self.players:
                raise InputError(f"unknown player {name!r}; the players are {self.players}")
            mask |= 1 << self.players.index(name)
        return mask
