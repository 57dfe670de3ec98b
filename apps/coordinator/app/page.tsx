/** The donate page. The server adds what only it knows: who asks, and an address for other devices. */
import { headers } from 'next/headers';
import { DonatePage } from '../components/donate/donate-page.tsx';
import { readEnv } from '../env.ts';
import { lanOrigin } from '../lib/lan-origin.ts';

export default async function Page() {
  const incoming = await headers();
  const env = readEnv(process.env, '.');
  const isHttps = env.trustProxy && incoming.get('x-forwarded-proto') === 'https';
  const shareOrigin = lanOrigin({
    requestHost: incoming.get('host') ?? 'localhost',
    scheme: isHttps ? 'https' : 'http',
    listenHost: env.host,
  });
  return <DonatePage asker={env.name} shareOrigin={shareOrigin} />;
}
