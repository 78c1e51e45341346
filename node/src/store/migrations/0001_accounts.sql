-- Who calls the API, and the rule that what happened stays: rows are added, some of them updated, and never taken away.
CREATE FUNCTION shop.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is not allowed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;

-- Who calls the API.
CREATE TABLE shop.accounts (
    id            uuid   PRIMARY KEY,
    role          text   NOT NULL CHECK (role IN ('admin', 'reseller')),
    name          text   NOT NULL CONSTRAINT accounts_name UNIQUE CHECK (char_length(name) BETWEEN 1 AND 100),
    created_at_ms bigint NOT NULL
);

-- What they show; only a hash of it is here.
CREATE TABLE shop.api_keys (
    id            uuid   PRIMARY KEY,
    account_id    uuid   NOT NULL REFERENCES shop.accounts,
    hash          bytea  NOT NULL CHECK (octet_length(hash) = 32),
    created_at_ms bigint NOT NULL,
    revoked_at_ms bigint
);
CREATE INDEX api_keys_by_account ON shop.api_keys (account_id);

CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.accounts EXECUTE FUNCTION shop.refuse();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON shop.api_keys EXECUTE FUNCTION shop.refuse();
