/** Lets a phone keep the donate page as an app. */
import type { MetadataRoute } from 'next';

export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'Trine',
    short_name: 'Trine',
    description: 'Lend an idle computer to computations that three devices check.',
    start_url: '/',
    display: 'standalone',
    background_color: '#f7faf8',
    theme_color: '#f7faf8',
    icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' }],
  };
}
