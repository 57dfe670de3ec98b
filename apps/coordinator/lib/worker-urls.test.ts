import { describe, expect, it } from 'vitest';
import { parseManifest } from './worker-urls.ts';

describe('parseManifest', () => {
  it('takes names with or without the folder, and nothing else', () => {
    expect(parseManifest('{"agent":"agent.1.js","guest":"/workers/guest.2.js"}')).toEqual({
      agent: '/workers/agent.1.js',
      guest: '/workers/guest.2.js',
    });
    expect(parseManifest('{"agent":1}')).toBeUndefined();
    expect(parseManifest('[]')).toBeUndefined();
  });
});
