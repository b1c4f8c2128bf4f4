"""What runs the parties of a call: in virtual time here, on loopback sockets later."""
