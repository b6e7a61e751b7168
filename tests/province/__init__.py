"""Many stations, two hubs and one PostgreSQL: a province as processes."""
