"""A clone is data: what git or an archive brings runs nothing, reads and writes nothing outside, deletes nothing."""
