-- Privacy: who was forgotten, who did what with personal data, and what people asked for.

-- The keys of those who were erased, hashed under a key of the tenant's own, so that older records of them are known
-- when they come again and nobody can read who they were.
CREATE TABLE tombstones (
    tenant_id BLOB NOT NULL,
    key_hash TEXT NOT NULL,
    erased_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key_hash)
) STRICT, WITHOUT ROWID;

-- What was done with personal data, by whom, and to what. Holds no personal data itself. actor: the subject of the token,
-- or the shop whose platform asked. object: an id as the API shows it.
CREATE TABLE audit_log (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_log_by_object ON audit_log (tenant_id, object, id);

-- What platforms asked for in people's names. person: the customer's id as the API shows it, where the platform's keys
-- led to one; it stays what it was. request_key: the platform's own id of the request.
CREATE TABLE privacy_requests (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    shop_id BLOB NOT NULL,
    request_key TEXT,
    person TEXT,
    requested_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_by TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, kind, request_key)
) STRICT, WITHOUT ROWID;

-- What the planner goes by, as in the archive: the figures of one tenant with a million customers.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('tombstones', 'tombstones', '10000 10000 1'),
    ('audit_log', 'audit_log', '100000 100000 1'),
    ('audit_log', 'audit_log_by_object', '100000 100000 2 1'),
    ('privacy_requests', 'privacy_requests', '10000 10000 1'),
    ('privacy_requests', 'sqlite_autoindex_privacy_requests_2', '10000 10000 3000 1000 1');
ANALYZE sqlite_schema;
