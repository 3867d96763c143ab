"""The HTTP API: routes, refusals, the server. What they answer comes from the other rooms."""
