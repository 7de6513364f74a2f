-- Identities at a provider of OpenID Connect: each opens one account, and an account has one at each provider.

CREATE TABLE provider_identity (
    id TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    area TEXT,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    user_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX provider_identity_subject ON provider_identity (issuer, subject);
CREATE UNIQUE INDEX provider_identity_user_id ON provider_identity (user_id, issuer);
