"""From which similarity (Jaro-Winkler, 0 to 1) two spellings may be one. Measured on people whose true identity is known
(`kundbild identity evaluate`), and no settings: what joins people is one for every company, and the default model is trained with it.

Not here: how probable a joined pair must be (settings: `[identity]`).
"""

from __future__ import annotations

# a slip in a name: Mark and Mary score .88, and are two
NEAR_NAME = 0.92
# a spelling of one's own: Catharina, Katarina
ALIKE_NAME = 0.85
SOMEWHAT_ALIKE_NAME = 0.7
NEAR_STREET = 0.9
NEAR_CITY = 0.88
# what stands before the @, without the person's name
ALIKE_MAILBOX = 0.9
