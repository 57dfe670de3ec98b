/**
 * Planted bugs: small changes of what decides, each of which the simulator must catch. `find` must be in `file`
 * exactly once, or the run stops: a mutant cannot fall asleep when the code moves on.
 */
const scheduler = (file) => `packages/scheduler/src/${file}.ts`;
const plane = (file) => `packages/control-plane/src/${file}.ts`;
const mesh = (file) => `packages/mesh/src/${file}.ts`;

export const MUTANTS = [
  // ── results and verdicts ──
  {
    name: 'quorum-off-by-one',
    file: scheduler('tasks'),
    find: 'if (equal.length >= task.job.spec.policy.quorum)',
    replace: 'if (equal.length >= task.job.spec.policy.quorum - 1)',
  },
  {
    name: 'fuel-not-compared',
    file: scheduler('tasks'),
    find: ' && a.outputDigest === b.outputDigest && a.fuel === b.fuel;',
    replace: ' && a.outputDigest === b.outputDigest;',
  },
  {
    name: 'aborted-results-count',
    file: scheduler('tasks'),
    find: "replica.result !== undefined && replica.result.outcome !== 'aborted' && replica.verdict !== 'late'",
    replace: "replica.result !== undefined && replica.verdict !== 'late'",
  },
  {
    name: 'verdict-given-again',
    file: scheduler('verdicts'),
    find: '|| replica.result === undefined || replica.verdict !== undefined) continue;',
    replace: '|| replica.result === undefined) continue;',
  },
  {
    name: 'credit-for-invalid',
    file: scheduler('turn'),
    find: "if (verdict === 'valid') counters.credit",
    replace: "if (verdict === 'valid' || verdict === 'invalid') counters.credit",
  },
  {
    name: 'credit-for-inconclusive',
    file: scheduler('turn'),
    find: "if (verdict === 'valid') counters.credit",
    replace: "if (verdict === 'valid' || verdict === 'inconclusive') counters.credit",
  },
  {
    name: 'same-owner-counts-again-when-late',
    file: scheduler('results'),
    find: "if (rivals.some(isCounted)) return giveVerdict(turn, replica, 'late');",
    replace: '',
  },
  {
    name: 'rival-lease-goes-on',
    file: scheduler('results'),
    find: "if (result.outcome !== 'aborted') makeUnique(turn, replica);",
    replace: '',
  },
  {
    name: 'second-result-replaces-the-first',
    file: scheduler('results'),
    find: "if (replica.result !== undefined) return sameResult(replica.result, result) ? undefined : 'result-changed';",
    replace: '',
  },
  {
    name: 'anyone-may-answer-a-lease',
    file: scheduler('results'),
    find: "if (replica.node !== event.node) return 'not-your-lease';",
    replace: '',
  },
  {
    name: 'grant-not-compared',
    file: scheduler('results'),
    find: 'if (replica.grant !== result.grant || isOverLimits(replica, result))',
    replace: 'if (isOverLimits(replica, result))',
  },
  {
    name: 'number-zero-is-a-lease',
    file: scheduler('results'),
    find: '  lease >= LIMITS.shards.value &&\n',
    replace: '',
  },
  {
    name: 'limits-not-held',
    file: scheduler('results'),
    find: 'if (replica.grant !== result.grant || isOverLimits(replica, result))',
    replace: 'if (replica.grant !== result.grant)',
  },
  {
    name: 'sequence-skips',
    file: scheduler('verdicts'),
    find: '    sequence: job.results,\n',
    replace: '    sequence: job.results + Number(task.index > 3),\n',
  },
  {
    name: 'sequence-not-raised',
    file: scheduler('verdicts'),
    find: '  job.results += 1;',
    replace: '  job.results += Number(task.index !== 3 || job.results === 0);',
  },
  {
    name: 'closed-with-a-live-lease',
    file: scheduler('verdicts'),
    find: 'if (task.live > 0 || task.need > 0) return;',
    replace: 'if (task.need > 0) return;',
  },
  {
    name: 'task-never-counted-as-closed',
    file: scheduler('verdicts'),
    find: '  job.closed += 1;',
    replace: '  job.closed += Number(task.replicas.length < 4);',
  },
  // ── leases ──
  {
    name: 'same-owner-placed-twice',
    file: scheduler('tasks'),
    find: 'if (replica.node !== node && replica.group !== group) continue;',
    replace: 'if (replica.node !== node) continue;',
  },
  {
    name: 'retry-limit-ignored',
    file: scheduler('tasks'),
    find: 'if (task.replicas.filter(isFailed).length >= policy.failedAttemptsMax) return 0;',
    replace: '',
  },
  {
    name: 'lost-replica-not-replaced',
    file: scheduler('tasks'),
    find: ' - counted - task.live;',
    replace: ' - task.replicas.length;',
  },
  {
    name: 'lease-outlives-its-deadline',
    file: scheduler('leases'),
    find: 'due.deadlineAtMs > shard.timeMs',
    replace: 'due.deadlineAtMs + 600_000 > shard.timeMs',
  },
  {
    name: 'lease-ends-before-its-deadline',
    file: scheduler('leases'),
    find: 'due.deadlineAtMs > shard.timeMs',
    replace: 'due.deadlineAtMs - 2_000 > shard.timeMs',
  },
  {
    name: 'hello-ends-nothing',
    file: scheduler('leases'),
    find: 'if (replica.session >= session || named.has(replica.lease)) continue;',
    replace: 'if (replica.session <= session) continue;',
  },
  {
    name: 'old-session-accepted',
    file: scheduler('leases'),
    find: '  session < (shard.sessions.get(node) ?? 0);',
    replace: '  session < (shard.sessions.get(node) ?? 0) - 1_000;',
  },
  {
    name: 'cancel-leaves-leases',
    file: scheduler('jobs'),
    find: 'for (const replica of task.replicas.filter(isLive)) {',
    replace: 'for (const replica of task.replicas.filter(isLive).slice(1)) {',
  },
  {
    name: 'grace-ignored',
    file: scheduler('apply'),
    find: '  if (inGrace(shard)) return;\n  if (wasInGrace)',
    replace: '  if (wasInGrace)',
  },
  {
    name: 'networks-counted-apart',
    file: plane('store/node-admission'),
    find: 'group: `net:${hello.networkPrefix}`',
    replace: 'group: `net:${hello.node}`',
  },
  // ── what is stored, and recovery ──
  {
    name: 'recovery-forgets-the-lease-counter',
    file: scheduler('restore'),
    find: 'leaseCounter: row.leaseCounter,',
    replace: 'leaseCounter: 0,',
  },
  {
    name: 'recovery-forgets-counters',
    file: scheduler('restore'),
    find: 'counters: new Map(counters.map(({ node, ...sums }) => [node, sums])),',
    replace: 'counters: new Map(counters.slice(1).map(({ node, ...sums }) => [node, sums])),',
  },
  {
    name: 'recovery-forgets-who-is-unheard',
    file: scheduler('restore'),
    find: 'for (const node of shard.nodeLeases.keys()) shard.unheard.add(node);',
    replace: '',
  },
  {
    name: 'reason-not-stored',
    file: scheduler('verdicts'),
    find: '  job.reason = reason;\n  touchJob(turn, job);',
    replace: '  job.reason = reason;',
  },
  {
    name: 'row-forgets-a-verdict',
    file: scheduler('changes'),
    find: 'const { task: _, ...row } = replica;\n  return row;',
    replace:
      "const { task: _, ...row } = replica;\n  return { ...row, verdict: replica.ended === 'expired' ? undefined : row.verdict };",
  },
  {
    name: 'time-runs-backwards',
    file: plane('shards/held-shard'),
    find: 'Math.max(stored.shard.timeMs, sources.wallMs())',
    replace: 'sources.wallMs()',
  },
  // ── the shard loop ──
  {
    name: 'speaks-before-the-commit',
    file: plane('shards/shard-loop'),
    find: 'for (const one of applied) if (one.batch.changes === undefined) this.#finish(one);',
    replace: 'for (const one of applied) this.#finish(one);',
  },
  {
    name: 'lost-batch-taken-for-stored',
    file: plane('shards/shard-loop'),
    find: 'verdicts[at] === true',
    replace: 'verdicts[at] !== undefined',
  },
  {
    name: 'stored-batch-applied-again',
    file: plane('shards/shard-loop'),
    find: 'if (lostBatch === undefined) return false;',
    replace: 'return false;',
  },
  {
    name: 'compare-and-set-ignored',
    file: plane('shards/shard-loop'),
    find: "return outcome.type === 'committed' ? [] : outcome.shards;",
    replace: "return outcome.type === 'committed' ? [] : [];",
  },
  {
    name: 'sequence-number-reused',
    file: plane('shards/shard-loop'),
    find: 'for (const { held, commit } of changed) held.right = { ...held.right, seq: commit.seq };',
    replace: '',
  },
  {
    name: 'old-offers-applied-after-recovery',
    file: plane('shards/shard-loop'),
    find: "if (eventKind(entry.event) !== 'presence') this.#enqueue(place, entry);",
    replace: 'this.#enqueue(place, entry);',
  },
  {
    name: 'goes-on-from-a-state-that-is-not-stored',
    file: plane('shards/shard-loop'),
    find: '    this.#failures += 1;\n    this.#failuresInRow += 1;\n    for (const { place, held, entries, batch, commit } of changed) {\n      this.#drop(place);',
    replace:
      '    this.#failures += 1;\n    this.#failuresInRow += 1;\n    for (const { place, held, entries, batch, commit } of changed) {\n      if (Math.max(0, 1) === 1) continue;',
  },
  // ── sessions ──
  {
    name: 'repeated-frame-delivered-again',
    file: mesh('session-core'),
    find: '} else if (frame.sequence <= this.#received) {',
    replace: '} else if (frame.sequence < this.#received) {',
  },
  {
    name: 'gap-not-noticed',
    file: mesh('session-core'),
    find: '} else if (frame.sequence > this.#received + 1) {',
    replace: '} else if (frame.sequence > this.#received + 2) {',
  },
  {
    name: 'nothing-sent-again-after-a-resume',
    file: mesh('session-core'),
    find: '    this.#handed = this.#acknowledged;\n',
    replace: '    this.#handed = this.#made;\n',
  },
];
