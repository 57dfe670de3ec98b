/**
 * The statements of retention, one transaction each. All of them find their rows by an index, from the oldest on,
 * and stop after a count: a test reads their plans on tables of some size.
 */

/** $1 shard, $2 time, $3 count. Commits never touch old batches, and the shard's row is locked last and alone. */
export const TRIM_BATCHES = `
WITH due AS MATERIALIZED (
  SELECT seq FROM (SELECT seq, at_ms FROM batches WHERE shard = $1::smallint ORDER BY seq LIMIT $3::int) o
  WHERE at_ms < $2::bigint),
gone AS (DELETE FROM batches b USING due d WHERE b.shard = $1::smallint AND b.seq = d.seq RETURNING b.seq, b.hash),
newest AS (SELECT seq, hash FROM gone ORDER BY seq DESC LIMIT 1),
moved AS (
  UPDATE shards s SET anchor_seq = n.seq, anchor_hash = n.hash FROM newest n
  WHERE s.shard = $1::smallint AND s.anchor_seq < n.seq)
SELECT count(*)::int AS count FROM gone`;

/** $1 shard, $2 last sequence to go. */
export const TRIM_BATCHES_UP_TO = `
WITH gone AS (
  DELETE FROM batches WHERE shard = $1::smallint AND seq <= $2::bigint RETURNING seq, hash),
newest AS (SELECT seq, hash FROM gone ORDER BY seq DESC LIMIT 1)
UPDATE shards s SET anchor_seq = n.seq, anchor_hash = n.hash FROM newest n
WHERE s.shard = $1::smallint AND s.anchor_seq < n.seq`;

/** $1 time, $2 count. */
export const RETIRE_JOBS = `
WITH due AS MATERIALIZED (
  SELECT j.job FROM jobs j WHERE j.finished_at_ms < $1::bigint AND NOT EXISTS (
    SELECT 1 FROM tasks t WHERE t.shard = j.shard AND t.job = j.job AND NOT t.closed)
  ORDER BY j.finished_at_ms LIMIT $2::int FOR UPDATE OF j SKIP LOCKED),
gone AS (DELETE FROM jobs j USING due d WHERE j.job = d.job RETURNING j.*),
keys AS (DELETE FROM idempotency i USING gone g WHERE i.job = g.job),
kept AS (
  INSERT INTO retired_jobs (job, stored_at_ms) SELECT job, stored_at_ms FROM gone ON CONFLICT (job) DO NOTHING),
sums AS (
  SELECT count(*) AS jobs, sum(tasks) AS tasks, sum(verified) AS verified, sum(disputed) AS disputed,
    sum(abandoned) AS abandoned, sum(invalid_results) AS invalid_results, sum(fuel) AS fuel FROM gone),
counted AS (
  UPDATE trimmed t SET jobs = t.jobs + s.jobs, tasks = t.tasks + s.tasks, verified = t.verified + s.verified,
    disputed = t.disputed + s.disputed, abandoned = t.abandoned + s.abandoned,
    invalid_results = t.invalid_results + s.invalid_results, fuel = t.fuel + s.fuel
  FROM sums s WHERE t.id = 0 AND s.jobs > 0)
SELECT count(*)::int AS count FROM gone`;

/** $1 time, $2 count, $3 and $4 where the last slice ended. A repeat of the request moves the time on. */
export const RETIRE_SUBMISSIONS = `
WITH due AS MATERIALIZED (
  SELECT at_ms, job FROM idempotency WHERE at_ms < $1::bigint AND (at_ms, job) > ($3::bigint, $4::text)
  ORDER BY at_ms, job LIMIT $2::int),
orphans AS MATERIALIZED (
  SELECT d.job FROM due d WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.job = d.job)),
gone AS (
  DELETE FROM idempotency i USING orphans o WHERE i.job = o.job AND i.at_ms < $1::bigint RETURNING i.job, i.at_ms),
kept AS (
  INSERT INTO retired_jobs (job, stored_at_ms) SELECT job, at_ms FROM gone ON CONFLICT (job) DO NOTHING)
SELECT (SELECT count(*) FROM gone)::int AS removed, (SELECT count(*) FROM due)::int AS seen, d.at_ms, d.job AS id
FROM due d ORDER BY d.at_ms DESC, d.job DESC LIMIT 1`;

/** $1 job, $2 count. */
export const TRIM_RESULTS = `
WITH gone AS (
  DELETE FROM result_entries WHERE job = $1::text AND sequence IN (
    SELECT sequence FROM result_entries WHERE job = $1::text ORDER BY sequence LIMIT $2::int) RETURNING 1)
SELECT count(*)::int AS count FROM gone`;

/** $1 job, $2 count. */
export const TRIM_INPUTS = `
WITH gone AS (
  DELETE FROM job_inputs WHERE job = $1::text AND index IN (
    SELECT index FROM job_inputs WHERE job = $1::text ORDER BY index LIMIT $2::int) RETURNING 1)
SELECT count(*)::int AS count FROM gone`;

/** $1 job. Another coordinator may be trimming it too: the mark goes when nothing is left. */
export const FORGET_RETIRED = `
DELETE FROM retired_jobs r WHERE r.job = $1::text
  AND NOT EXISTS (SELECT 1 FROM result_entries e WHERE e.job = r.job)
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job = r.job)
  AND NOT EXISTS (SELECT 1 FROM job_inputs i WHERE i.job = r.job)`;

/** $1 job, $2 count. */
export const READ_CLOSED_TASKS = `
SELECT index, replicas FROM tasks WHERE job = $1::text AND closed ORDER BY index LIMIT $2::int`;

/**
 * $1 shard, $2 job, $3 indexes; $4–$6 index, node and fuel of each valid result; $7–$8 index and frame of each
 * result. The shard's row is locked first, as commits do, so the two never wait for each other in a circle.
 */
export const TRIM_TASKS = `
WITH locked AS MATERIALIZED (SELECT shard FROM shards WHERE shard = $1::smallint FOR UPDATE),
gone AS (
  DELETE FROM tasks t USING locked WHERE t.job = $2::text AND t.index = ANY($3::text::int[]) AND t.closed
  RETURNING t.index),
earned AS (
  SELECT e.node, sum(e.fuel) AS fuel
  FROM unnest($4::text::int[], $5::text::text[], $6::text::numeric[]) AS e(index, node, fuel)
  JOIN gone USING (index) GROUP BY e.node),
folded AS (
  UPDATE node_counters c SET folded_credit = c.folded_credit + e.fuel FROM earned e
  WHERE c.shard = $1::smallint AND c.node = e.node),
named AS (
  SELECT f.id, count(*)::int AS leaves FROM unnest($7::text::int[], $8::text::bytea[]) AS f(index, id)
  JOIN gone USING (index) GROUP BY f.id),
emptied AS (
  DELETE FROM report_frames r USING named n WHERE r.id = n.id AND r.trimmed_leaves + n.leaves >= r.leaves
  RETURNING 1),
counted AS (
  UPDATE report_frames r SET trimmed_leaves = r.trimmed_leaves + n.leaves FROM named n
  WHERE r.id = n.id AND r.trimmed_leaves + n.leaves < r.leaves)
SELECT (SELECT count(*) FROM gone)::int AS tasks, (SELECT count(*) FROM emptied)::int AS frames`;

/** The store's own clock, ms. */
const NOW_MS = '(extract(epoch FROM now()) * 1000)::bigint';

/** $1 margin, $2 count. */
export const TRIM_FRAMES = `
WITH gone AS (
  DELETE FROM report_frames WHERE id IN (
    SELECT id FROM report_frames WHERE stored_at_ms < least(
      (SELECT min(stored_at_ms) FROM jobs), (SELECT min(stored_at_ms) FROM retired_jobs), ${NOW_MS}) - $1::bigint
    ORDER BY stored_at_ms LIMIT $2::int) RETURNING 1)
SELECT count(*)::int AS count FROM gone`;

/** $1 time, $2 count. */
export const TRIM_SIGN_INS = `
WITH gone AS (
  DELETE FROM sign_ins WHERE hash IN (
    SELECT hash FROM sign_ins WHERE expires_at_ms <= $1::bigint ORDER BY expires_at_ms LIMIT $2::int) RETURNING 1)
SELECT count(*)::int AS count FROM gone`;

/** $1 time, $2 count, $3 and $4 where the last slice ended. */
export const TRIM_NODES = `
WITH due AS MATERIALIZED (
  SELECT last_seen_at_ms, node FROM nodes
  WHERE last_seen_at_ms < $1::bigint AND last_seen_at_ms >= $3::bigint AND (last_seen_at_ms, node) > ($3::bigint, $4::text)
  ORDER BY last_seen_at_ms, node LIMIT $2::int),
idle AS MATERIALIZED (
  SELECT d.node FROM due d WHERE NOT EXISTS (
    SELECT 1 FROM node_counters c WHERE c.node = d.node
      AND (c.credit > 0 OR c.valid > 0 OR c.invalid > 0 OR c.inconclusive > 0))),
gone AS (
  DELETE FROM nodes n USING idle i WHERE n.node = i.node AND n.last_seen_at_ms < $1::bigint
  RETURNING n.node, n.session),
counters AS (DELETE FROM node_counters c USING gone g WHERE c.node = g.node),
raised AS (
  UPDATE trimmed t SET session_floor = greatest(t.session_floor, g.session)
  FROM (SELECT max(session) AS session FROM gone) g WHERE t.id = 0 AND g.session IS NOT NULL)
SELECT (SELECT count(*) FROM gone)::int AS removed, (SELECT count(*) FROM due)::int AS seen,
  d.last_seen_at_ms AS at_ms, d.node AS id
FROM due d ORDER BY d.last_seen_at_ms DESC, d.node DESC LIMIT 1`;

/** $1 age, $2 count, $3 and $4 where the last slice ended. */
export const READ_UNUSED_ARTIFACTS = `
SELECT used_at_ms AS at_ms, encode(digest, 'hex') AS id FROM artifacts
WHERE used_at_ms < ${NOW_MS} - $1::bigint AND (used_at_ms, digest) > ($3::bigint, decode($4::text, 'hex'))
ORDER BY used_at_ms, digest LIMIT $2::int`;

/**
 * $1 digests, $2 age, $3 margin. What a node brought may be named by an open task before any column says so: it
 * stays while a job is open that was there before it.
 */
export const REMOVE_ARTIFACTS = `
WITH gone AS (
  DELETE FROM artifacts a WHERE a.digest = ANY($1::text::bytea[]) AND a.used_at_ms < ${NOW_MS} - $2::bigint
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.module_digest = a.digest)
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.prepared_digest = a.digest)
    AND NOT EXISTS (SELECT 1 FROM job_inputs i WHERE i.digest = a.digest AND i.bytes IS NULL)
    AND NOT EXISTS (
      SELECT 1 FROM tasks t WHERE t.output_digest = a.digest AND t.output IS NULL AND t.output_bytes > 0)
    AND NOT (
      a.used_at_ms >= coalesce(
        (SELECT min(stored_at_ms) FROM jobs WHERE finished_at_ms IS NULL), a.used_at_ms + $3::bigint + 1) - $3::bigint
      AND EXISTS (SELECT 1 FROM artifact_owners o WHERE o.digest = a.digest AND o.owner ~ '^[0-9a-f]{32}$'))
  RETURNING a.digest),
owners AS (DELETE FROM artifact_owners o USING gone g WHERE o.digest = g.digest)
SELECT encode(digest, 'hex') AS digest FROM gone`;

/** $1 digest, $2 how old a use may be that need not be written again. Answers whether the row is there. */
export const USE_ARTIFACT = `
UPDATE artifacts SET used_at_ms = greatest(used_at_ms, ${NOW_MS})
WHERE digest = $1::bytea AND used_at_ms < ${NOW_MS} - $2::bigint`;
