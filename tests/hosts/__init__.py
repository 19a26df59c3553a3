"""Several hosts that share no disk, each a Linux namespace of its own."""
