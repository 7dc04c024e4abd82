"""Parts of `ape run deploy`."""
