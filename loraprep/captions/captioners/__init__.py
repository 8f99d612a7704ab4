"""The captioners, one file each: what a file here must offer is said in loraprep/captions/captioner.py."""
