"""What is learned of the images, and the part of the network that learns it."""
