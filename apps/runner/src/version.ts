/** The program's version, put in by the bundler; a build from source without it says so. */
declare const __TRINE_VERSION__: string | undefined;

export const VERSION = typeof __TRINE_VERSION__ === 'string' ? __TRINE_VERSION__ : '0.0.0-source';
