"""The studio: where a model, sampling and a judge meet, and pictures are made for a run.

Below it lie the model (`models`), the solvers (`sampling`) and the judge (`judges`), none of which
knows the others; above it whoever wants pictures: `audit`, `tracing`, `lab`.
"""
