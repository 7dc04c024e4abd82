"""`make audit`: everything that an auditor would try, and a report of it."""
