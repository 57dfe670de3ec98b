-- Retention: what is over is trimmed in small slices, and what was counted of it stays counted.

-- Where the kept history of a shard begins: number and hash of the newest batch that was trimmed.
ALTER TABLE "shards"
    ADD COLUMN "anchor_seq" BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN "anchor_hash" BYTEA NOT NULL DEFAULT decode(repeat('00', 32), 'hex');

-- A history that was trimmed before anchors were kept begins after its oldest batch.
UPDATE "shards" s SET "anchor_seq" = b."seq", "anchor_hash" = b."hash"
FROM (SELECT DISTINCT ON ("shard") "shard", "seq", "hash" FROM "batches" ORDER BY "shard", "seq") b
WHERE b."shard" = s."shard" AND b."seq" > 1;

-- When the store took the row, by the store's own clock: what ages are compared by.
ALTER TABLE "jobs" ADD COLUMN "stored_at_ms" BIGINT NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint;
ALTER TABLE "report_frames"
    ADD COLUMN "stored_at_ms" BIGINT NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint,
    ADD COLUMN "trimmed_leaves" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "artifacts"
    ADD COLUMN "used_at_ms" BIGINT NOT NULL DEFAULT (extract(epoch FROM now()) * 1000)::bigint;

-- The part of `credit` whose results have no row any more.
ALTER TABLE "node_counters" ADD COLUMN "folded_credit" DECIMAL(40,0) NOT NULL DEFAULT 0;

-- Jobs that nobody sees any more and whose rows are still being trimmed.
CREATE TABLE "retired_jobs" (
    "job" TEXT NOT NULL,
    "stored_at_ms" BIGINT NOT NULL,
    CONSTRAINT "retired_jobs_pkey" PRIMARY KEY ("job")
);

-- What trimmed rows added up to. One row.
CREATE TABLE "trimmed" (
    "id" SMALLINT NOT NULL,
    "jobs" BIGINT NOT NULL DEFAULT 0,
    "tasks" BIGINT NOT NULL DEFAULT 0,
    "verified" BIGINT NOT NULL DEFAULT 0,
    "disputed" BIGINT NOT NULL DEFAULT 0,
    "abandoned" BIGINT NOT NULL DEFAULT 0,
    "invalid_results" BIGINT NOT NULL DEFAULT 0,
    "fuel" DECIMAL(40,0) NOT NULL DEFAULT 0,
    -- Highest session number of a node whose row was trimmed: a node that comes back starts above it.
    "session_floor" INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT "trimmed_pkey" PRIMARY KEY ("id")
);
INSERT INTO "trimmed" ("id") VALUES (0);

CREATE INDEX "jobs_finished" ON "jobs" ("finished_at_ms") WHERE "finished_at_ms" IS NOT NULL;
CREATE INDEX "jobs_stored" ON "jobs" ("stored_at_ms");
CREATE INDEX "jobs_open_stored" ON "jobs" ("stored_at_ms") WHERE "finished_at_ms" IS NULL;
CREATE INDEX "jobs_prepared" ON "jobs" ("prepared_digest");
CREATE INDEX "report_frames_stored" ON "report_frames" ("stored_at_ms");
CREATE INDEX "artifacts_used" ON "artifacts" ("used_at_ms", "digest");
CREATE INDEX "idempotency_job" ON "idempotency" ("job");
CREATE INDEX "idempotency_at" ON "idempotency" ("at_ms", "job");
