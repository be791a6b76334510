"""Models behind any server that speaks Chat Completions: asked for a form, never for prose.

Nothing a model writes decides: a form is read strictly, bounded, joined with the seat's own rules,
and what cannot be read is no vote. Every way to fail is one of `BallotError`.
"""
