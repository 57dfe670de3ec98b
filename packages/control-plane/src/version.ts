/** Version of the coordinator, as people are shown it. */
export const COORDINATOR_VERSION = '0.1.0';
