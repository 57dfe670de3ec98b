import type { AgentView } from '@trine/agent/browser';
import { describe, expect, it } from 'vitest';
import { sayingOf } from './donate-words.ts';

const view = (phase: AgentView['phase']): AgentView => ({
  phase,
  reason: `because it is ${phase}`,
  agent: 'page',
  node: '',
  owner: '',
  coordinator: '',
  link: undefined,
  linkNote: '',
  threads: [],
  threadsAllowed: 1,
  fuelPerSecond: 0,
  reported: 0,
  valid: 0,
  invalid: 0,
  credit: '0',
  fuelSpent: '0',
  unrecorded: 0,
  weaker: [],
});

describe('sayingOf', () => {
  it('never says on before a press, and always says why', () => {
    for (const hasConsented of [false, true]) {
      const saying = sayingOf({ view: undefined, pressed: undefined, hasConsented });
      expect(saying.isOn).toBe(false);
      expect(saying.reason).not.toBe('');
    }
  });

  it('says stopped in the moment of the press, whatever the agent still does', () => {
    expect(sayingOf({ view: view('working'), pressed: 'stop', hasConsented: true })).toMatchObject({
      word: 'Stopped',
      isOn: false,
    });
  });

  it('offers the stop button while a start is under way', () => {
    expect(sayingOf({ view: undefined, pressed: 'start', hasConsented: true }).isOn).toBe(true);
    expect(sayingOf({ view: view('stopped'), pressed: 'start', hasConsented: true }).isOn).toBe(true);
  });

  it('passes on the agent’s own reason', () => {
    expect(sayingOf({ view: view('idle'), pressed: undefined, hasConsented: true })).toEqual({
      word: 'Idle',
      reason: 'because it is idle',
      isOn: true,
    });
    expect(sayingOf({ view: view('refused'), pressed: undefined, hasConsented: true }).isOn).toBe(false);
  });
});
