"""One migration a file, numbered; a released one never changes."""
