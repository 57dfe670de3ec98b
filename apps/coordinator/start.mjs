/** `npm start`: sets everything up, then hands over to the built launcher. */
import { SetupError, setUp } from './setup.mjs';

try {
  await setUp((text) => process.stderr.write(`${text}\n`));
  const { launch } = await import('./dist/launcher.mjs');
  process.exitCode = await launch(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  process.exitCode = 1;
}
