'use client';
/** Every node that has joined: who answers for it, what it does, and what became of its results. */
import type { NodeView } from '../../lib/views.ts';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { failureOf, useTRPC } from '../../lib/api.ts';
import {
  counted,
  figureText,
  formatAgo,
  formatCount,
  formatFuel,
  formatFuelRate,
  formatMoment,
} from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { NodeLabel, OnlineChip } from '../chips.tsx';
import { Empty, Loading, PageHead, Panel, Trouble, WideTable } from '../layout.tsx';
import { linkWord, nodeName, ownerName } from './node-words.ts';

/** Verdicts and figures of nodes move without a node coming or going. */
const LOOK_AGAIN_MS = 4_000;

export function NodesPage() {
  const trpc = useTRPC();
  const nodes = useQuery(trpc.nodes.list.queryOptions(undefined, { refetchInterval: LOOK_AGAIN_MS }));
  const online = nodes.data?.filter((node) => node.online).length ?? 0;
  return (
    <>
      <PageHead
        title="Nodes"
        lead="Devices that have joined: browser pages and headless runners. A quorum takes nodes of different owners."
      />
      <Panel
        title="All nodes"
        flush
        aside={nodes.data === undefined ? '' : `${online} of ${counted(nodes.data.length, 'node')} online`}
      >
        {nodes.data === undefined ? (
          nodes.failureReason === null ? (
            <Loading what="nodes" />
          ) : (
            <Trouble title="No nodes to show now" message={failureOf(nodes.failureReason).message} />
          )
        ) : nodes.data.length === 0 ? (
          <NoNodes />
        ) : (
          <NodeTable nodes={sorted(nodes.data)} />
        )}
      </Panel>
    </>
  );
}

/** Online first, then by credit: those who matter now are on top. */
const sorted = (nodes: readonly NodeView[]): readonly NodeView[] =>
  nodes.toSorted((a, b) => Number(b.online) - Number(a.online) || Number(b.credit) - Number(a.credit));

function NoNodes() {
  return (
    <Empty title="No node has joined yet">
      <p>
        Lend this computer from the{' '}
        <Link href="/" className="link">
          donate page
        </Link>
        , or join a machine without a screen: <code className="code">npx trine join {'<this address>'}</code>.
        Verified answers need three nodes of three owners.
      </p>
    </Empty>
  );
}

function NodeTable({ nodes }: { readonly nodes: readonly NodeView[] }) {
  const now = useNow();
  return (
    <>
      <ul className="sm:hidden">
        {nodes.map((node) => (
          <li key={node.id} className="border-t border-line first:border-t-0">
            <NodeCard node={node} nowMs={now} />
          </li>
        ))}
      </ul>
      <div className="hidden sm:block">
        <WideTable label="All nodes">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col">Owner</th>
              <th scope="col">Link</th>
              <th scope="col" className="number">
                Leases
              </th>
              <th scope="col" className="number">
                Speed
              </th>
              <th scope="col" className="number">
                Valid
              </th>
              <th scope="col" className="number">
                Invalid
              </th>
              <th scope="col" className="number">
                Credit
              </th>
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <NodeRow key={node.id} node={node} nowMs={now} />
            ))}
          </tbody>
        </WideTable>
      </div>
    </>
  );
}

function NodeRow({ node, nowMs }: { readonly node: NodeView; readonly nowMs: number }) {
  return (
    <tr>
      <td>
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <Link href={`/nodes/${node.id}`} className="font-medium hover:underline">
            {nodeName(node)}
          </Link>
          <NodeLabel label={node.label} />
        </div>
        <span className="text-ink-3">{node.agent === 'page' ? 'browser page' : 'runner'}</span>
      </td>
      <td className="min-w-52">
        <OnlineChip online={node.online} />
        <span className="mt-1 block text-ink-2" title={formatMoment(node.lastSeenAtMs)}>
          {node.online ? node.state : `last seen ${formatAgo(node.lastSeenAtMs, nowMs)}`}
        </span>
      </td>
      <td>{ownerName(node)}</td>
      <td title={node.linkNote}>{linkWord(node)}</td>
      <td className="number">{node.online ? `${node.leases} of ${node.capacity}` : '–'}</td>
      <td className="number">{speedOf(node)}</td>
      <td className="number">{formatCount(node.verdicts.valid)}</td>
      <td className={`number ${node.verdicts.invalid > 0 ? 'font-medium text-alarm' : ''}`}>
        {formatCount(node.verdicts.invalid)}
      </td>
      <td className="number">{figureText(formatFuel(node.credit))}</td>
    </tr>
  );
}

function NodeCard({ node, nowMs }: { readonly node: NodeView; readonly nowMs: number }) {
  return (
    <Link href={`/nodes/${node.id}`} className="block px-4 py-3.5 hover:bg-sunken">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{nodeName(node)}</span>
        <OnlineChip online={node.online} />
        <NodeLabel label={node.label} />
      </div>
      <p className="mt-1 text-sm text-ink-2">
        {node.online ? node.state : `last seen ${formatAgo(node.lastSeenAtMs, nowMs)}`}
      </p>
      <p className="mt-1 text-sm text-ink-3">
        {ownerName(node)} · {formatCount(node.verdicts.valid)} valid ·{' '}
        <span className={node.verdicts.invalid > 0 ? 'font-medium text-alarm' : ''}>
          {formatCount(node.verdicts.invalid)} invalid
        </span>{' '}
        · {figureText(formatFuel(node.credit))}
      </p>
    </Link>
  );
}

const speedOf = (node: NodeView): string =>
  !node.online || node.figures.fuelPerSecond === undefined
    ? '–'
    : figureText(formatFuelRate(node.figures.fuelPerSecond));
