"""The key exchange modes, one file a mode and one class an end; `table` lists them."""
