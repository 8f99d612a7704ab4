"""Numbers measured on pictures and on labels of them. Pure."""
