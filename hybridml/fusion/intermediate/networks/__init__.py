"""The networks of intermediate fusion: branches, four ways to fuse, a trunk."""
