"""jwtlens: a JWT debugger that you run yourself."""
