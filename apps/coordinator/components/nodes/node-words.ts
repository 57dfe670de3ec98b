/** What a node is called, and who answers for it, in words. */
import type { NodeView } from '../../lib/views.ts';
import { shortDigest } from '../../lib/format.ts';

export const nodeName = (node: NodeView): string =>
  node.name === '' ? `node ${shortDigest(node.id, 8)}` : node.name;

export const ownerName = (node: NodeView): string => (node.hasToken ? node.ownerName : 'its own (no token)');

const LINK_WORDS = { webrtc: 'WebRTC', websocket: 'WebSocket', memory: 'in process' } as const;

export const linkWord = (node: NodeView): string => (node.link === undefined ? '–' : LINK_WORDS[node.link]);
