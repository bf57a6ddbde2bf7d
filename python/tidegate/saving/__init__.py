"""Files. They are data: nothing in one can import, call or open anything."""
