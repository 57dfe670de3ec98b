/** Links over WebRTC data channels, and what moves a session onto one. */
export { dataChannelLink } from './data-channel-link.ts';
export { type OpenPeerOptions, openPeer, type PeerAttempt, type PeerConstructor } from './peer-link.ts';
export { bridgePeerToPort, portLink } from './port-link.ts';
export { encodeSignal, parseSignal, type PeerSignal } from './signals.ts';
