// The mesh's own limits, beside those of the wire: what bounds links, sessions and attempts to connect.

/** Frames a link keeps for a listener that is not there yet; more closes the link. */
export const EARLY_FRAMES_MAX = 256;

/** Bytes of those frames. */
export const EARLY_BYTES_MAX = 1_048_576;

/** Above this many bytes in a link's own buffer a session waits before it sends further frames. */
export const LINK_BUFFER_HIGH_BYTES = 1_048_576;

/** How soon a session looks again at a link whose buffer was full. */
export const LINK_BUFFER_RETRY_MS = 10;

/** A received frame is acknowledged at the latest after this time, when nothing else carries the number. */
export const ACKNOWLEDGE_MS = 100;

/** … or after this many frames without an acknowledgement, so that a fast sender's buffer stays small. */
export const ACKNOWLEDGE_FRAMES = 16;

/** A message that may wait for company leaves by then, alone if it must. Longer than a busy coordinator's commit. */
export const LINGER_MS = 250;

/** A dial that has not made a link by then has failed. */
export const DIAL_MS = 10_000;

/** First pause before dialling again; doubles with each failure. The real pause is a random part of it. */
export const RECONNECT_BASE_MS = 250;

/** Longest such pause: every node is back well inside the grace that follows a coordinator's restart. */
export const RECONNECT_CAP_MS = 10_000;

/** A session that lasted this long starts its pauses from the beginning again. */
export const RECONNECT_RESET_MS = 5_000;

/** The longest pause a coordinator may ask for; a larger one is cut to this. */
export const RETRY_AFTER_MAX_MS = 3_600_000;

/** Empty frames of an agent without leases: keeps proxies and address translators from forgetting it. */
export const IDLE_KEEPALIVE_MS = 15_000;

/** A link without leases on it that says nothing this long is dead. */
export const IDLE_SILENCE_MS = 45_000;

/** How long a closing agent waits for its farewell to be acknowledged. */
export const FAREWELL_MS = 1_000;

/** A session without a link can be resumed this long; its unacknowledged frames are kept meanwhile. */
export const RESUME_WINDOW_MS = 60_000;

/** Links that may be in their handshake at once; a further one takes the place of the oldest that says nothing. */
export const HANDSHAKES_MAX = 1_024;

/** How often a host looks for silent links, slow handshakes and sessions past their window. */
export const SWEEP_MS = 500;

/** Rates are averaged over this time, so a burst of a whole window at once is within the rate. */
export const RATE_WINDOW_MS = 10_000;

/** A closed WebSocket whose other side does not answer is cut after this time. */
export const SOCKET_LINGER_MS = 1_000;

/** A closed data channel is kept this long so that its last frames (a farewell, a refusal) still leave. */
export const PEER_LINGER_MS = 250;

/** A WebRTC attempt that has not opened its channel by then is given up; the session stays where it is. */
export const PEER_OPEN_MS = 15_000;

/** Signals taken for one attempt: an offer or answer and its candidates, with room to spare. */
export const SIGNALS_MAX = 64;

/** Characters of one signal, as the wire allows. */
export const SIGNAL_CHARACTERS_MAX = 16_384;

/** Pause between two attempts of one session; sooner ones are declined. */
export const UPGRADE_PAUSE_MS = 1_000;

/** Peers one link process holds: past about 300 it runs out of descriptors and threads. */
export const PROCESS_LINKS_MAX = 250;

/** First pause before a dead link process is started again; doubles up to the cap. */
export const PROCESS_RESTART_BASE_MS = 1_000;

/** Longest such pause. */
export const PROCESS_RESTART_CAP_MS = 30_000;

/** A link process that has not ended by then after being asked is killed. */
export const PROCESS_STOP_MS = 2_000;
