"""What each trainer does with a picture, and the files it reads: one module a trainer."""
