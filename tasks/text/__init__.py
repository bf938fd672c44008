"""Text, markup, dates, addresses, languages: what every step above uses."""
