"""Picture files and what is in them: which are read, their pixels, the face in a photograph, odd ones and copies."""
