"""What a worker's process is given: its environment, its devices, its compiled programs."""
