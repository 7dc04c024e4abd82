"""What is signed for a succession, so that neither a member nor its heir needs money for gas.

The domain is the token's: its name, version "1". `nonce` is the signer's at the token; a veto has none and dies with
the opening that it names by its second.
"""

BIND = "BindHeir(address account,address heir,uint256 delayDays,uint256 nonce,uint48 deadline)"
"""By the account; the delay is 30 to 365 days."""
UNBIND = "UnbindHeir(address account,uint256 nonce,uint48 deadline)"
"""By the account."""
OPEN = "OpenSuccession(address account,address heir,uint256 nonce,uint48 deadline)"
"""By the heir."""
VETO = "VetoSuccession(address account,uint48 openedAt)"
"""By the account."""
