"""What a picture carries that must not be learned: lettering and bars; how it is cut, masked or named."""
