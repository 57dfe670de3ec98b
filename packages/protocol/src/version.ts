/**
 * The wire protocol's version. A handshake offers every version the coordinator speaks and the agent
 * answers with the highest it knows; unknown fields are ignored and unknown messages counted and
 * dropped, so a new field needs no new number, a changed meaning does.
 */
export const PROTOCOL_VERSION = 1;

/** Every version this build can speak, newest first. */
export const PROTOCOL_VERSIONS: readonly number[] = [PROTOCOL_VERSION];
