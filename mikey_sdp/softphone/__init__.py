"""What a telephone user runs: the edge between a phone and the network, and plug-ins of softphones."""
