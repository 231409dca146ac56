"""What launchers share whose machines have none of this one's disk: there and back."""
