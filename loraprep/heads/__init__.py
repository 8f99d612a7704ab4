"""The heads in a picture: how large, turned which way, cut by the edge, and whose in photographs."""
