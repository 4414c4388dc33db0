"""How often the project claims anything where there is nothing, and how often its checks notice a threat."""
