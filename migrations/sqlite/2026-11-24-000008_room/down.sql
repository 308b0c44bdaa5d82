-- Nothing to do: SQLite writes a changed row in its place.
SELECT 1;
