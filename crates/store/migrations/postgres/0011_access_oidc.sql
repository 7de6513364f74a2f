-- Identities at a provider of OpenID Connect: each opens one account, and an account has one at each provider.

CREATE TABLE provider_identity (
    id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL,
    area TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX provider_identity_subject ON provider_identity (issuer, subject);
CREATE UNIQUE INDEX provider_identity_user_id ON provider_identity (user_id, issuer);
