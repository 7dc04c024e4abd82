"""What is asked of a chain, of one node or several, and what is sent to it.

`connection` asks one node, `patience` bears with a busy one, `rpc` reads many things at one block, `codec`, `abi`,
`events` and `reverts` decode what comes back, `arguments` what people write. `transactions` sends one call, `series`
many, `simulation` tries dependent ones; `fees` prices them. `view` is what custodians ask, `node` of one node, `nodes`
of several. `wallet` alone needs Ape.
"""
