"""The chain: asking its nodes, encoding what is signed, reading what they say as evidence."""
