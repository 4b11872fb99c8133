"""What can be measured of images and a backbone before the cases are compared."""
