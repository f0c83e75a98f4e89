"""What a file's bytes say, where Pillow does not suffice: recognising, headers, colour, metadata, TIFF."""
