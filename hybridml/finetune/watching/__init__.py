"""What people see of a training run, while it goes on and afterwards."""
