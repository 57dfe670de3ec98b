import type { Metadata } from 'next';
import { NodePage } from '../../../components/nodes/node-page.tsx';

export const metadata: Metadata = { title: 'Node' };

export default async function Page({ params }: { readonly params: Promise<{ readonly node: string }> }) {
  const { node } = await params;
  return <NodePage id={node} />;
}
