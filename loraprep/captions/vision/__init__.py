"""Looking at pictures through a vision model: what is asked, what it may cost, and how answers are kept."""
