"""A desk: one small HTTP service between members and the DAO, which can censor and neither forge nor steal."""
