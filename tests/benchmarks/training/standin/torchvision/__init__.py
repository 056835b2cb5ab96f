"""Lets imagen-pytorch be imported where there is no torchvision; only a peer's process has this folder on its path.

imagen-pytorch imports `torchvision.transforms` at its start and uses it to load training pictures and to save drawn
ones. The benchmark does neither: its pictures are noise. A true torchvision, where there is one, is used instead.
"""
