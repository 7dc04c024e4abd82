"""What wallets show of the calls that people send and the messages that they sign: descriptors of ERC-7730."""
