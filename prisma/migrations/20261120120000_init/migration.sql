-- The first schema. Shard and epoch are columns from here on, so that several coordinators can share it later.
-- Rows of shards and tasks are rewritten often: a low fillfactor keeps their updates inside the page.

CREATE TABLE "shards" (
    "shard" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "holder" TEXT NOT NULL DEFAULT '',
    "time_ms" BIGINT NOT NULL DEFAULT 0,
    "lease_counter" BIGINT NOT NULL DEFAULT 0,
    "hash" BYTEA NOT NULL,
    CONSTRAINT "shards_pkey" PRIMARY KEY ("shard")
) WITH (fillfactor = 25);

INSERT INTO "shards" ("shard", "hash") SELECT n, decode(repeat('00', 32), 'hex') FROM generate_series(0, 63) AS n;

CREATE TABLE "batches" (
    "shard" SMALLINT NOT NULL,
    "seq" BIGINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "at_ms" BIGINT NOT NULL,
    "events" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    CONSTRAINT "batches_pkey" PRIMARY KEY ("shard", "seq")
);

CREATE TABLE "jobs" (
    "job" TEXT NOT NULL,
    "shard" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "is_public" BOOLEAN NOT NULL,
    "state" SMALLINT NOT NULL,
    "reason" TEXT NOT NULL,
    "spec" BYTEA NOT NULL,
    "tasks" BIGINT NOT NULL,
    "module_digest" BYTEA NOT NULL,
    "edition" TEXT,
    "prepared_digest" BYTEA,
    "prepared_size" BIGINT,
    "prepared_chunks" BYTEA,
    "begun" BIGINT NOT NULL,
    "closed" BIGINT NOT NULL,
    "verified" BIGINT NOT NULL,
    "disputed" BIGINT NOT NULL,
    "abandoned" BIGINT NOT NULL,
    "results" BIGINT NOT NULL,
    "invalid_results" BIGINT NOT NULL,
    "fuel" DECIMAL(40,0) NOT NULL,
    "submitted_at_ms" BIGINT NOT NULL,
    "finished_at_ms" BIGINT,
    CONSTRAINT "jobs_pkey" PRIMARY KEY ("job")
) WITH (fillfactor = 50);

CREATE INDEX "jobs_newest" ON "jobs" ("submitted_at_ms" DESC, "job" DESC);
CREATE INDEX "jobs_key_newest" ON "jobs" ("key", "submitted_at_ms" DESC);
CREATE INDEX "jobs_module" ON "jobs" ("module_digest");
CREATE INDEX "jobs_shard_state" ON "jobs" ("shard", "state");

CREATE TABLE "job_inputs" (
    "job" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "digest" BYTEA NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "bytes" BYTEA,
    CONSTRAINT "job_inputs_pkey" PRIMARY KEY ("job", "index")
);

-- Who may read an input that is an artifact.
CREATE INDEX "job_inputs_artifact" ON "job_inputs" ("digest") WHERE "bytes" IS NULL;

CREATE TABLE "tasks" (
    "job" TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    "shard" SMALLINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "state" SMALLINT NOT NULL,
    "closed" BOOLEAN NOT NULL,
    "disagreed" BOOLEAN NOT NULL,
    "input" BYTEA NOT NULL,
    "replicas" BYTEA NOT NULL,
    "outcome" SMALLINT,
    "output_digest" BYTEA,
    "output_bytes" BIGINT,
    "output" BYTEA,
    "fuel" BIGINT,
    "reason" TEXT NOT NULL,
    "changed_at_ms" BIGINT NOT NULL,
    CONSTRAINT "tasks_pkey" PRIMARY KEY ("job", "index")
) WITH (fillfactor = 50);

-- What recovery reads.
CREATE INDEX "tasks_open" ON "tasks" ("shard", "job") WHERE NOT "closed";
-- Who said what, newest first, of all jobs and of one.
CREATE INDEX "tasks_disagreed" ON "tasks" ("changed_at_ms" DESC) WHERE "disagreed";
CREATE INDEX "tasks_job_disagreed" ON "tasks" ("job", "changed_at_ms" DESC) WHERE "disagreed";
-- Who may read an output that is an artifact.
CREATE INDEX "tasks_output_artifact" ON "tasks" ("output_digest") WHERE "output" IS NULL AND "output_bytes" > 0;

CREATE TABLE "result_entries" (
    "job" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    "kind" SMALLINT NOT NULL,
    CONSTRAINT "result_entries_pkey" PRIMARY KEY ("job", "sequence")
);

CREATE TABLE "report_frames" (
    "id" BYTEA NOT NULL,
    "shard" SMALLINT NOT NULL,
    "node" TEXT NOT NULL,
    "root" BYTEA NOT NULL,
    "signature" BYTEA NOT NULL,
    "leaves" INTEGER NOT NULL,
    CONSTRAINT "report_frames_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "node_counters" (
    "shard" SMALLINT NOT NULL,
    "node" TEXT NOT NULL,
    "valid" INTEGER NOT NULL,
    "invalid" INTEGER NOT NULL,
    "inconclusive" INTEGER NOT NULL,
    "late" INTEGER NOT NULL,
    "unanswered" INTEGER NOT NULL,
    "credit" DECIMAL(40,0) NOT NULL,
    CONSTRAINT "node_counters_pkey" PRIMARY KEY ("shard", "node")
) WITH (fillfactor = 50);

CREATE INDEX "node_counters_node" ON "node_counters" ("node");

CREATE TABLE "nodes" (
    "node" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "owner" TEXT NOT NULL,
    "token" TEXT,
    "session" INTEGER NOT NULL,
    "profile" JSONB NOT NULL,
    "network_prefix" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "first_seen_at_ms" BIGINT NOT NULL,
    "last_seen_at_ms" BIGINT NOT NULL,
    CONSTRAINT "nodes_pkey" PRIMARY KEY ("node")
);

CREATE INDEX "nodes_last_seen" ON "nodes" ("last_seen_at_ms" DESC);

CREATE TABLE "owners" (
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    CONSTRAINT "owners_pkey" PRIMARY KEY ("owner")
);

CREATE UNIQUE INDEX "owners_name" ON "owners" ("name");

CREATE TABLE "join_tokens" (
    "token" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "owner_name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "label" TEXT NOT NULL,
    "created_at_ms" BIGINT NOT NULL,
    "expires_at_ms" BIGINT,
    "revoked_at_ms" BIGINT,
    "uses" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("token")
);

CREATE UNIQUE INDEX "join_tokens_hash" ON "join_tokens" ("hash");

CREATE TABLE "api_keys" (
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at_ms" BIGINT NOT NULL,
    "revoked_at_ms" BIGINT,
    "last_used_at_ms" BIGINT,
    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("key")
);

CREATE UNIQUE INDEX "api_keys_hash" ON "api_keys" ("hash");

CREATE TABLE "sign_ins" (
    "hash" BYTEA NOT NULL,
    "kind" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "expires_at_ms" BIGINT NOT NULL,
    CONSTRAINT "sign_ins_pkey" PRIMARY KEY ("hash")
);

CREATE INDEX "sign_ins_expires" ON "sign_ins" ("expires_at_ms");

CREATE TABLE "artifacts" (
    "digest" BYTEA NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "chunks" BYTEA NOT NULL,
    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("digest")
);

CREATE TABLE "artifact_owners" (
    "digest" BYTEA NOT NULL,
    "owner" TEXT NOT NULL,
    CONSTRAINT "artifact_owners_pkey" PRIMARY KEY ("digest", "owner")
);

CREATE TABLE "idempotency" (
    "key" TEXT NOT NULL,
    "idempotency_key" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "request" BYTEA NOT NULL,
    "at_ms" BIGINT NOT NULL,
    CONSTRAINT "idempotency_pkey" PRIMARY KEY ("key", "idempotency_key")
);

CREATE TABLE "secrets" (
    "name" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    CONSTRAINT "secrets_pkey" PRIMARY KEY ("name")
);
