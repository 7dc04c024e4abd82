"""Other systems on the same node: the bytecode that their authors published, nothing compiled again."""
