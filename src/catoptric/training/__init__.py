"""How the embedded networks are made: data on the fly, a loop that resumes, no pickles.

`python -m catoptric.training denoiser|judge --out FOLDER` begins or goes on.
"""
