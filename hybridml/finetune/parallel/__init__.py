"""One training on several processes: each has a part of the images."""
