/** The donate page. The server adds what only it knows: the thread programs' names and an address for other devices. */
import { headers } from 'next/headers';
import { DonatePage } from '../components/donate/donate-page.tsx';
import { lanOrigin } from '../lib/lan-origin.ts';
import { readWorkerUrls } from '../lib/worker-urls.ts';

export default async function Page() {
  const incoming = await headers();
  const scheme = incoming.get('x-forwarded-proto') === 'https' ? 'https' : 'http';
  return (
    <DonatePage
      workers={await readWorkerUrls()}
      shareOrigin={lanOrigin(incoming.get('host') ?? 'localhost', scheme)}
    />
  );
}
