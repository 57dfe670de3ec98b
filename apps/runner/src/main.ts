/** Entry of the one bundled file: the command itself, or one of its guest threads. */
import { isGuestThread, serveNodeGuests } from '@trine/sandbox/node';
import { isFlameThread } from './flame-role.ts';

// The rest is loaded late, so that a guest thread's small heap holds none of it.
if (isGuestThread()) {
  serveNodeGuests();
} else if (isFlameThread()) {
  const { serveFlame } = await import('./flame-thread.ts');
  serveFlame();
} else {
  const { runCommand } = await import('./cli.ts');
  await runCommand(process.argv);
}
