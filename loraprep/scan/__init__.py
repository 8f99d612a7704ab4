"""Phase 2: what is in the folder, and is it fit to train on?"""
