"""What goes and stays away: erasure, retention, files written anew, the proof that nothing is left."""
