"""The Data DAO's off-chain half: encrypt, score, hold back, release and open data under the chain's rules.

No protocol rule is decided here. What may be released, to whom and when is read from the chain, always through
`datadao.chain.view.View`; every other module works on bytes and can be used, tested and audited without a node.
"""
