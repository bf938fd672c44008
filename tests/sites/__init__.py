"""Web sites that run on the loopback interface for newsmill's tests and demonstrations."""
