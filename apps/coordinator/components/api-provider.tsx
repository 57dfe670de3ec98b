'use client';
/** Gives every page the API, the colour theme and the one live stream. */
import { QueryClientProvider } from '@tanstack/react-query';
import { ThemeProvider } from 'next-themes';
import { useState } from 'react';
import { createApiClient, createQueryClient, TRPCProvider } from '../lib/api.ts';
import { LiveProvider } from './live.tsx';

interface ProvidersProps {
  readonly nonce: string;
  readonly children: React.ReactNode;
}

export function Providers({ nonce, children }: ProvidersProps) {
  const [api] = useState(createApiClient);
  const [queries] = useState(createQueryClient);
  return (
    <ThemeProvider attribute="data-theme" defaultTheme="system" enableSystem nonce={nonce}>
      <QueryClientProvider client={queries}>
        <TRPCProvider trpcClient={api} queryClient={queries}>
          <LiveProvider>{children}</LiveProvider>
        </TRPCProvider>
      </QueryClientProvider>
    </ThemeProvider>
  );
}
