"""loraprep makes a folder of pictures ready for LoRA training and proves it."""

__version__ = "0.1.0"
