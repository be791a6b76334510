"""`flux mcp`: an agent's own money as tools of the Model Context Protocol, within one mandate."""
