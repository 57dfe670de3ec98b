'use client';
/** One node: its state with the reason, what it is, how its results were judged, what it did last. */
import type { NodeDetailView, NodeView } from '../../lib/views.ts';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { failureOf, useTRPC } from '../../lib/api.ts';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatFuel,
  formatFuelRate,
  formatMoment,
  figureText,
} from '../../lib/format.ts';
import { VERDICT_LOOKS } from '../../lib/states.ts';
import { useNow } from '../../lib/use-now.ts';
import { NodeLabel, OnlineChip } from '../chips.tsx';
import { Loading, PageHead, Panel, Stat, Trouble } from '../layout.tsx';
import { linkWord, nodeName, ownerName } from './node-words.ts';
import { RecentTasks } from './recent-tasks.tsx';

/** Verdicts and figures of a node move without it coming or going. */
const LOOK_AGAIN_MS = 4_000;

export function NodePage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const node = useQuery(trpc.nodes.get.queryOptions({ node: id }, { refetchInterval: LOOK_AGAIN_MS }));
  if (node.data !== undefined) return <NodeDetail node={node.data} />;
  const cause = node.error ?? node.failureReason;
  if (cause === null) return <Loading what="this node" />;
  return (
    <>
      <PageHead title="Node" />
      <div className="panel">
        <Trouble title="This node cannot be shown" message={failureOf(cause).message}>
          <p className="mt-3">
            <Link href="/nodes" className="link">
              See all nodes
            </Link>
          </p>
        </Trouble>
      </div>
    </>
  );
}

function NodeDetail({ node }: { readonly node: NodeDetailView }) {
  const now = useNow();
  return (
    <>
      <PageHead
        title={nodeName(node)}
        lead={
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <OnlineChip online={node.online} />
            <NodeLabel label={node.label} />
            <span title={formatMoment(node.lastSeenAtMs)}>
              {node.online ? node.state : `last seen ${formatAgo(node.lastSeenAtMs, now)}`}
            </span>
          </p>
        }
      />
      <section className="panel px-4 py-5 sm:px-5" aria-label="Figures">
        <dl className="grid grid-cols-2 gap-x-4 gap-y-5 lg:grid-cols-4">
          <Stat label="Credit" tone="accent" figure={formatFuel(node.credit)} note="fuel of valid results" />
          <Stat
            label="Speed"
            figure={
              node.figures.fuelPerSecond === undefined
                ? { value: '–', unit: '' }
                : formatFuelRate(node.figures.fuelPerSecond)
            }
            note={figuresAge(node, now)}
          />
          <Stat
            label="Leases"
            figure={{ value: formatCount(node.leases), unit: `of ${formatCount(node.capacity)} slots` }}
          />
          <Stat label="Link" figure={{ value: linkWord(node), unit: '' }} note={node.linkNote} />
        </dl>
      </section>
      <div className="mt-4 grid gap-4 sm:mt-6 sm:gap-6 lg:grid-cols-2 lg:items-start">
        <Verdicts node={node} />
        <Profile node={node} />
      </div>
      <RecentTasks node={node} />
    </>
  );
}

function figuresAge(node: NodeView, nowMs: number): string {
  return node.figures.atMs === undefined ? 'no figures yet' : `as of ${formatAgo(node.figures.atMs, nowMs)}`;
}

const VERDICTS = ['valid', 'invalid', 'inconclusive', 'late'] as const;

function Verdicts({ node }: { readonly node: NodeView }) {
  return (
    <Panel title="Verdicts" aside="of its results">
      <dl className="grid grid-cols-[auto_auto_minmax(0,1fr)] items-baseline gap-x-4 gap-y-2.5">
        {VERDICTS.map((verdict) => (
          <VerdictLine
            key={verdict}
            word={VERDICT_LOOKS[verdict].word}
            meaning={VERDICT_LOOKS[verdict].meaning}
            count={node.verdicts[verdict]}
            alarm={verdict === 'invalid' && node.verdicts.invalid > 0}
          />
        ))}
        <VerdictLine
          word="unanswered"
          meaning="leases that ended without a result"
          count={node.verdicts.unanswered}
          alarm={false}
        />
      </dl>
    </Panel>
  );
}

interface VerdictLineProps {
  readonly word: string;
  readonly meaning: string;
  readonly count: number;
  readonly alarm: boolean;
}

function VerdictLine({ word, meaning, count, alarm }: VerdictLineProps) {
  return (
    <div className="contents">
      <dt className={alarm ? 'font-medium text-alarm' : ''}>{word}</dt>
      <dd className={`text-right font-medium ${alarm ? 'text-alarm' : ''}`}>{formatCount(count)}</dd>
      <dd className="text-sm text-ink-3">{meaning}</dd>
    </div>
  );
}

function Profile({ node }: { readonly node: NodeView }) {
  const { profile } = node;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Owner', ownerName(node)],
    ['Agent', `${node.agent === 'page' ? 'browser page' : 'runner'}, version ${profile.version}`],
    ['Threads lent', `${formatCount(profile.threads)} of ${formatCount(profile.cores)} cores`],
    ['Processor', profile.cpuModel],
    ['Architecture', profile.architecture],
    ['Memory', profile.memoryBytes === undefined ? undefined : formatBytes(profile.memoryBytes)],
    ['System', profile.os],
    ['Runtime', profile.runtime],
    ['WASM features', profile.features.length === 0 ? undefined : profile.features.join(', ')],
    ['Labels', profile.labels.length === 0 ? undefined : profile.labels.join(', ')],
    [
      'One thread',
      profile.fuelPerSecond === undefined ? undefined : figureText(formatFuelRate(profile.fuelPerSecond)),
    ],
    [
      'CPU in use',
      node.figures.cpuPercent === undefined ? undefined : `${Math.round(node.figures.cpuPercent)} %`,
    ],
    [
      'Temperature',
      node.figures.temperatureCelsius === undefined
        ? undefined
        : `${Math.round(node.figures.temperatureCelsius)} °C`,
    ],
    [
      'Battery',
      node.figures.batteryPercent === undefined ? undefined : `${Math.round(node.figures.batteryPercent)} %`,
    ],
    ['First seen', formatMoment(node.firstSeenAtMs)],
  ];
  return (
    <Panel title="Profile" aside="as the node says">
      <dl className="grid grid-cols-[8.5rem_minmax(0,1fr)] gap-x-4 gap-y-2 text-[0.95rem]">
        {rows.map(([term, value]) =>
          value === undefined ? null : (
            <div key={term} className="contents">
              <dt className="text-ink-3">{term}</dt>
              <dd className="min-w-0 break-words">{value}</dd>
            </div>
          ),
        )}
      </dl>
      <p className="code mt-4 break-all text-ink-3">{node.id}</p>
    </Panel>
  );
}
