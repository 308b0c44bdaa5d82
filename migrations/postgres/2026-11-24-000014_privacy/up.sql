-- Privacy: who was forgotten, who did what with personal data, and what people asked for.

-- The keys of those who were erased, hashed under a key of the tenant's own, so that older records of them are known
-- when they come again and nobody can read who they were.
CREATE TABLE tombstones (
    tenant_id uuid NOT NULL,
    key_hash text COLLATE "C" NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key_hash)
);

-- What was done with personal data, by whom, and to what. Holds no personal data itself. actor: the subject of the token,
-- or the shop whose platform asked. object: an id as the API shows it.
CREATE TABLE audit_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text COLLATE "C" NOT NULL,
    object text COLLATE "C",
    details jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_log_by_object ON audit_log (tenant_id, object, id);

-- What platforms asked for in people's names. person: the customer's id as the API shows it, where the platform's keys
-- led to one; it stays what it was. request_key: the platform's own id of the request.
CREATE TABLE privacy_requests (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    shop_id uuid NOT NULL,
    request_key text COLLATE "C",
    person text COLLATE "C",
    requested_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, shop_id, kind, request_key)
);
