"""Session descriptions: lossless lines, the `a=key-mgmt` attribute, and what keying needs to know of each stream."""
