'use client';
/** Gives every page the API, the colour theme, the one live stream and the tab's agent. */
import { QueryClientProvider } from '@tanstack/react-query';
import { ThemeProvider } from 'next-themes';
import { useState } from 'react';
import { createApiClient, createQueryClient, TRPCProvider } from '../lib/api.ts';
import type { WorkerUrls } from '../lib/donate-types.ts';
import { AgentProvider } from './agent-provider.tsx';
import { LiveProvider } from './live.tsx';

interface ProvidersProps {
  readonly nonce: string;
  readonly workers: WorkerUrls | undefined;
  readonly children: React.ReactNode;
}

export function Providers({ nonce, workers, children }: ProvidersProps) {
  const [api] = useState(createApiClient);
  const [queries] = useState(createQueryClient);
  return (
    <ThemeProvider attribute="data-theme" defaultTheme="system" enableSystem nonce={nonce}>
      <QueryClientProvider client={queries}>
        <TRPCProvider trpcClient={api} queryClient={queries}>
          <LiveProvider>
            <AgentProvider workers={workers}>{children}</AgentProvider>
          </LiveProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}
