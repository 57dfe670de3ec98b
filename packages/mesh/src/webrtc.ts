/** Links over WebRTC data channels, and what moves a session onto one. */
export { dataChannelLink } from './data-channel-link.ts';
export {
  createLocalPeers,
  type LocalPeerOptions,
  type PeerHandle,
  type PeerHandlers,
  type PeerSource,
} from './peer-source.ts';
export { type OpenPeerOptions, openPeer, type PeerAttempt, type PeerConstructor } from './peer-link.ts';
export { bridgePeerToPort, type PortLike, portLink } from './port-link.ts';
export { encodeSignal, parseSignal, type PeerSignal } from './signals.ts';
export { createWebRtcGate, type WebRtcGate, type WebRtcGateOptions } from './webrtc-gate.ts';
export { type Upgrade, type UpgradeOptions, type UpgradeOutcome, upgradeToWebRtc } from './webrtc-upgrade.ts';
