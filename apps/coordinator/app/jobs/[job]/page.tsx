import type { Metadata } from 'next';
import { JobPage } from '../../../components/jobs/job-page.tsx';

export const metadata: Metadata = { title: 'Job' };

export default async function Page({ params }: { readonly params: Promise<{ readonly job: string }> }) {
  const { job } = await params;
  return <JobPage id={job} />;
}
