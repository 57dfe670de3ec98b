// The host's imports. The compiler names the import module after this file: `trine`.

/** Tells whoever watches how far the task is. */
export declare function progress(done: i32, total: i32): void;
