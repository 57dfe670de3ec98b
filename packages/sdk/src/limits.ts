/** The SDK's own limits. */

/** Inline inputs of one submit request; more are uploaded as artifacts. Base64 of it fits the request's limit. */
export const INLINE_INPUTS_BYTES_MAX = 8_388_608;

/** Artifacts uploaded at the same time. */
export const UPLOADS_MAX = 4;

/** Results asked for at once while catching up. */
export const RESULTS_PAGE = 200;

/** Live results held for a reader that is slow; past it the stream is closed and read as pages again. */
export const RESULTS_QUEUE_MAX = 1_000;

/** First pause after a failed request; it doubles up to the second. */
export const RETRY_MS = 250;
export const RETRY_MAX_MS = 5_000;

/** How long an ordinary call keeps trying. */
export const CALL_PATIENCE_MS = 2_000;

/**
 * A coordinator that took a request and says nothing this long is starting or stuck: the request is made again.
 * Bodies may take as long as they need, on the way in (submits) and out.
 */
export const ANSWER_MS = 10_000;

/** How long reading results or waiting goes on trying: a coordinator's restart or a laptop's nap fits in. */
export const READ_PATIENCE_MS = 300_000;
