"""Files (age), key shares (Shamir) and seals (HPKE). No secret key of the DAO exists anywhere in here."""
