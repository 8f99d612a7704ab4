"""A picture as pixels: decoding, colour, formats, and what can be measured in it."""
