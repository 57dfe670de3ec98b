/** The coordinator without its pages. */
export { type AppRouter, createRouterCaller } from './router.ts';
