"""The pieces of examples/paint.py: a stroke painter, the scenes it paints, and a folder of spoilt pictures."""
