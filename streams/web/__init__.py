"""The HTTP API: routes, refusals, the server; and webhooks. What they answer comes from the other rooms."""
