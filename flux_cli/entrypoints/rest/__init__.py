"""Flux over HTTP: the use cases as resources, for any language, behind API keys.

`door` decides who comes in, `call` what a request may do and how often it is carried out; a module
a resource parses, calls and tells. Nothing here decides about money.
"""
